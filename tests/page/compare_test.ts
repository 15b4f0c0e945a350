/** Comparisons made by clicking, from the data to the result, and what a visitor does on the way. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { formatLarge } from "../../routes/page/format.js";
import { inFieldWords } from "../../routes/page/words.js";
import { openSite } from "../routes/support.ts";
import { Seed } from "../service/seeds.ts";
import { assertAccessible, assertFits, DARK, openBrowser, PHONE, visit } from "./browser.ts";

/** Ticks these methods and no others. */
async function choose(page: Page, ...wanted: string[]): Promise<void> {
  const boxes = page.getByRole("group", { name: "Methods" }).getByRole("checkbox");
  for (const box of await boxes.all()) await box.setChecked(wanted.includes(await box.inputValue()));
}

const mainTable = (page: Page) => page.getByRole("region", { name: "Each fitted alone" });

async function download(page: Page, link: string): Promise<string> {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: link, exact: true }).click(),
  ]);
  return await Deno.readTextFile(await file.path());
}

Deno.test("comparisons by clicking", async (t) => {
  await using site = await openSite({ real: true });
  await using browser = await openBrowser();

  await t.step("two methods on the example, from the first click to the files", async () => {
    await using visited = await visit(browser, site.url);
    const { page } = visited;
    await visited.goTo("#/data/example");
    await page.getByText("The data can be fitted.").waitFor();
    await page.getByLabel("Compare all methods").check();
    await page.getByText("More settings").click();
    assert.deepEqual(
      await Promise.all(["Chains", "Seed"].map((name) => page.getByLabel(name, { exact: true }).isVisible())),
      [false, true],
      "sizes are each method's own",
    );
    await assertAccessible(page);

    await choose(page, "chees", "advi");
    await page.getByLabel("Response curves").fill("1");
    assert.equal(await page.getByLabel("two-stage:cut").isDisabled(), true, "it needs two curves");
    await page.getByLabel("Response curves").fill("2");
    await page.getByLabel("Effort").fill("0.05");
    await page.getByLabel("Name", { exact: true }).fill("Which one?");
    await page.getByLabel("Name", { exact: true }).press("Enter"); // no mouse
    await page.getByRole("heading", { name: "Which method to use" }).waitFor();
    assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "Which one? Finished");

    const id = new URL(page.url()).hash.split("/").at(-1)!, { body } = await site.ask(`/v1/compare/${id}`);
    assert.deepEqual(body.request, {
      methods: ["chees", "advi"],
      components: 2,
      effort: 0.05,
      label: "Which one?",
    });
    const { advice, truth, methods } = body.result;
    assert.equal(await page.locator(".verdictCard strong").innerText(), inFieldWords(advice.sentences[0]));
    const names = await mainTable(page).getByRole("rowheader")
      .evaluateAll((cells) => cells.map((cell) => cell.firstChild?.textContent));
    assert.deepEqual(names, ["chees", "advi", "(truth)"]);
    assert.equal(await page.locator(".chart .dot").count(), 2);
    const right = formatLarge(truth.contribution.mean);
    const truthRow = await mainTable(page).getByRole("row", { name: /^\(truth\)/ }).innerText();
    assert.ok(truthRow.includes(right), right);
    assert.equal(await page.locator(".chart .marker").count(), 1, "the truth is marked");
    await assertAccessible(page);

    assert.deepEqual(JSON.parse(await download(page, "Comparison as JSON (compare.json)")), body.result);
    for (const [i, { method }] of methods.entries()) {
      const draws = (await site.ask(body.runs[i].draws)).text;
      assert.equal(await download(page, method), draws);
    }
    visited.assertSound();
  });

  await t.step("a long one is watched, reloaded and canceled; what was done is shown", async () => {
    await using visited = await visit(browser, site.url);
    const { page } = visited;
    await visited.goTo("#/data/example?as=compare");
    await choose(page, "chees", "tempered", "advi");
    await page.getByLabel("Effort").fill("0.3");
    await page.getByRole("button", { name: "Start the comparison" }).click();
    const second = page.getByRole("heading", { name: "Method 2 of 3: tempered" });
    await second.waitFor();
    await page.reload();
    await second.waitFor();
    await page.locator(".chart .chain0").first().waitFor();
    const [chees, ...others] = await page.locator(".methods li").allInnerTexts();
    assert.match(chees, /^chees (Pass|Review|Fail) [\d.]+ s$/);
    assert.deepEqual(others, ["tempered At work", "advi Waiting"]);
    assert.match(await page.locator("#announcer").innerText(), /^tempered: /);
    await assertAccessible(page);

    await page.getByRole("button", { name: "Cancel the comparison" }).click();
    await page.getByText("It was canceled. The result below is of the methods that were done.").waitFor();
    assert.match(await mainTable(page).getByRole("row", { name: /^advi/ }).innerText(), /No fit/);
    await page.locator("summary", { hasText: "advi" }).click();
    await page.getByText("The work was interrupted before its turn.", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Compare on this data again" }).click();
    await page.getByText("The data can be fitted").waitFor();
    assert.equal(await page.getByLabel("Compare all methods").isChecked(), true);
    visited.assertSound();
  });

  await t.step("every view in the dark and on a telephone", async () => {
    const { items } = (await site.ask("/v1/compare")).body;
    for (const look of [DARK, PHONE]) {
      await using visited = await visit(browser, site.url, { look });
      for (
        const hash of [
          "",
          "#/data/example?as=compare",
          ...items.map(({ id }: { id: string }) => `#/compare/${id}`),
        ]
      ) {
        await visited.goTo(hash);
        await visited.page.locator(hash.includes("/compare/") ? ".chart .dot" : "h2").first().waitFor();
        await assertAccessible(visited.page);
        await assertFits(visited.page);
      }
      visited.assertSound();
    }
  });
});

Deno.test("a comparison on a fake engine: what was wrong with it, and its end", async (t) => {
  await using site = await openSite();
  await using browser = await openBrowser();

  await t.step("no method, and a setting out of bounds, are named at their fields", async () => {
    await using visited = await visit(browser, site.url, { expected: /^Failed to load resource/ });
    const { page } = visited;
    await visited.goTo("#/data/example?as=compare");
    await choose(page);
    await page.getByLabel("Effort").fill("1000");
    await page.getByRole("button", { name: "Start the comparison" }).click();
    assert.match(await page.locator("#wrong-methods span").innerText(), /^Names none/);
    assert.match(await page.locator("#wrong-effort span").innerText(), /100/);
    await choose(page, "tempered", "advi");
    await page.getByLabel("Effort").fill("");
    await page.getByText("More settings").click();
    await page.getByLabel("Seed").fill(String(Seed.fails));
    await page.getByRole("button", { name: "Start the comparison" }).click();
    await page.locator(".notice").getByText("The device was lost.").waitFor();
    visited.assertSound();
  });

  await t.step("it is listed beside the fits, and deleted", async () => {
    const id = await site.compare({ label: "To go" });
    await site.ended(id);
    await using visited = await visit(browser, site.url);
    const { page } = visited;
    page.on("dialog", (dialog) => dialog.accept());
    await page.getByRole("region", { name: "Comparisons" }).getByRole("link", { name: "To go" }).click();
    await page.getByRole("heading", { name: "Which method to use" }).waitFor();
    await page.getByRole("button", { name: "Delete this comparison" }).click();
    await page.getByRole("heading", { name: "Your data" }).waitFor();
    assert.equal((await site.ask(`/v1/compare/${id}`)).status, 404);
    visited.assertSound();
  });
});
