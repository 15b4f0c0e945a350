/** What a visitor sees of data, settings and tokens that will not do, and of a service that is not there. */
import assert from "node:assert/strict";
import { newToken, parseTokens } from "../../lib/service/tokens.ts";
import { openSite } from "../routes/support.ts";
import { Seed } from "../service/seeds.ts";
import { assertAccessible, openBrowser, visit } from "./browser.ts";

const csv = (name: string, text: string) => ({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
/** Forty weeks; the columns' names do not say which is the response. */
const UNCLEAR = [
  "week,first,second,third",
  ...Array.from({ length: 40 }, (_, t) => `${t},${20 + t % 7},${90 + t % 5},${500 + t}`),
].join("\n");

const REFUSED = /^Failed to load resource/;

Deno.test("the page when things go wrong", async (t) => {
  await using browser = await openBrowser();
  const { token, line } = newToken("analyst");
  await using site = await openSite();

  await t.step("a bad upload is refused beside the field, and one to mend is reviewed", async () => {
    await using visited = await visit(browser, site.url, { expected: REFUSED });
    const { page } = visited, input = page.getByLabel("CSV file");
    await input.setInputFiles(csv("picture.csv", "\0\0\0\0"));
    const wrong = page.locator("#wrong-data span");
    await wrong.waitFor();
    assert.match(await wrong.innerText(), /^Row 1: the file is not text/);
    assert.equal(await input.getAttribute("aria-invalid"), "true");
    await assertAccessible(page);

    await input.setInputFiles(csv("gap.csv", "week,spend,sales\n1,2,3\n2,,5\n3,x,6\n"));
    await page.getByText(/The data cannot be fitted yet: \d things to mend/).waitFor();
    await page.getByText("Row 4, column spend, “x”: the cell is not a number").waitFor();
    assert.equal(await page.getByRole("button", { name: "Start the fit" }).isDisabled(), true);
    visited.assertSound();
  });

  await t.step("columns are chosen, and a setting out of bounds is named at its field", async () => {
    await using visited = await visit(browser, site.url, { expected: REFUSED });
    const { page } = visited;
    await page.getByLabel("CSV file").setInputFiles(csv("unclear.csv", UNCLEAR));
    await page.locator("#wrong-target span").waitFor();
    await page.getByLabel("Response", { exact: true }).selectOption("second");
    await page.getByRole("group", { name: "Spend" }).getByLabel("first").check();
    await page.locator(".review .notice:not(.bad)").waitFor();
    assert.match(page.url(), /#\/data\/data_\w+\?target=second&spend=first$/);
    await page.reload();
    await page.locator(".review .notice:not(.bad)").waitFor();
    assert.equal(
      await page.locator("#field-components").inputValue(),
      "1",
      "as many as 40 rows carry, or one",
    );

    await page.getByText("More settings").click();
    await page.getByLabel("Chains", { exact: true }).fill("2");
    await page.getByLabel("Chains", { exact: true }).press("Enter"); // no mouse
    const wrong = page.locator("#wrong-chains span");
    await wrong.waitFor();
    assert.match(await wrong.innerText(), /4/);
    assert.equal(await page.evaluate("document.activeElement.id"), "field-chains");
    await page.getByLabel("Chains", { exact: true }).fill("8");
    await page.getByLabel("Seed").fill(String(Seed.fails));
    await page.getByLabel("Seed").press("Enter");
    await page.locator(".notice").getByText("The device was lost.").waitFor();
    assert.match(await page.getByRole("heading", { level: 1 }).innerText(), /Failed$/);
    const { items: [fit] } = (await site.ask("/v1/fits")).body;
    assert.equal(fit.data.name, "unclear.csv");
    visited.assertSound();
  });

  await t.step("what is not there is said to be so", async () => {
    await using visited = await visit(browser, site.url, { expected: REFUSED });
    await visited.goTo("#/fits/fit_nothing");
    assert.match(await visited.page.getByRole("alert").innerText(), /There is no such fit/);
    visited.assertSound();
  });

  await t.step("what spend brought is told where the result says it", async () => {
    const id = await site.send();
    await site.ended(id);
    await using visited = await visit(browser, site.url);
    const { page } = visited,
      quantity = (q5: number, q50: number, q95: number) => ({ mean: q50, sd: 1, q5, q50, q95 });
    await page.route(`**/v1/fits/${id}`, async (route) => {
      const response = await route.fetch(), fit = await response.json();
      fit.result.verdict.status = "fail";
      fit.result.business = {
        spend: 1080,
        response: 9000,
        contribution: quantity(2000, 2500, 3100),
        contribution_share: quantity(0.22, 0.28, 0.34),
        roas: quantity(1.85, 2.31, 2.87),
        marginal_roas: quantity(0.6, 0.9, 1.2),
        curve: [{ multiple: 0.5, spend: 2.7, response: quantity(9, 10, 11) }, {
          multiple: 1,
          spend: 5.4,
          response: quantity(15, 16, 17),
        }],
      };
      await route.fulfill({ response, json: fit });
    });
    await visited.goTo(`#/fits/${id}`);
    const tiles = await page.getByRole("region", { name: "What spend brought" }).locator(".tile")
      .allInnerTexts();
    assert.deepEqual(tiles.map((text) => text.split(/\n+/).slice(0, 2).join(": ")), [
      "Total contribution: 2,500",
      "Share of response: 28%",
      "ROAS: 2.310",
      "Marginal ROAS: 0.9000",
    ]);
    await page.getByRole("row", { name: "Now 5.400 16.00 15.00 to 17.00" }).waitFor();
    const reading = "5.400 per row, the current average, adds 16.00 (90% interval 15.00 to 17.00)";
    assert.equal(await page.locator("output").innerText(), reading);
    assert.equal(await page.getByText("The verdict is fail: not to be used.").count(), 2);
    visited.assertSound();
  });

  await t.step("a token is asked for once, and goes with everything", async () => {
    await using guarded = await openSite({ tokens: parseTokens(line, "tokens") });
    await using visited = await visit(browser, guarded.url, { expected: REFUSED });
    const { page } = visited;
    await page.getByLabel("Token").fill("a wrong one");
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("does not know the token").waitFor();
    await assertAccessible(page);
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("link", { name: "Try the built-in example" }).click();
    await page.getByLabel("Name", { exact: true }).press("Enter");
    await page.getByRole("heading", { name: /^Verdict/ }).waitFor();
    await page.reload();
    await page.locator(".chart .band").waitFor();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Draws as CSV" }).click(),
    ]);
    assert.match(await Deno.readTextFile(await file.path()), /^chain,draw,lp__/);
    visited.assertSound();
  });

  await t.step("a fit that waits shows its place, and its result when it comes", async () => {
    const first = await site.send({ seed: Seed.waits }), second = await site.send();
    await using visited = await visit(browser, site.url);
    const { page } = visited;
    await visited.goTo(`#/fits/${second}`);
    await page.getByText("It is next.").waitFor();
    await site.ask(`/v1/fits/${first}/cancel`, { method: "POST" });
    await page.getByRole("heading", { name: /^Verdict/ }).waitFor();
    assert.match(await page.locator("#announcer").innerText(), /^Finished\. The verdict is review/);
    visited.assertSound();
  });

  await t.step("a lost connection is told, and made anew", async () => {
    await using visited = await visit(browser, site.url, { expected: REFUSED });
    const { page } = visited,
      id = await site.send({ seed: Seed.waits }),
      lost = page.getByText("connection to the service is lost");
    await page.route("**/events", (route) => route.abort());
    await visited.goTo(`#/fits/${id}`);
    await lost.waitFor();
    await page.unroute("**/events");
    await page.getByText("Sampling, 1 of 2").waitFor();
    await lost.waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Cancel the fit" }).click();
    await page.getByText("It was canceled.").waitFor();
    visited.assertSound();
  });
});
