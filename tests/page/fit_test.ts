/** Fits made by clicking, each from the data to its result, and what a visitor does on the way. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { formatCsv } from "../../lib/data/csv.ts";
import { openSite, smallRows } from "../routes/support.ts";
import { assertAccessible, assertFits, DARK, openBrowser, PHONE, visit } from "./browser.ts";

const rows = smallRows();
const CSV = {
  name: "small.csv",
  mimeType: "text/csv",
  buffer: Buffer.from(
    formatCsv(Object.keys(rows[0]), rows.map((row) => Object.values(row) as number[])),
  ),
};

async function fill(page: Page, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, value] of Object.entries(values)) {
    await page.getByLabel(label, { exact: true }).fill(value);
  }
}

Deno.test("fits by clicking", async (t) => {
  await using site = await openSite({ real: true });
  await using browser = await openBrowser();

  await t.step("the example, from the first click to the files", async () => {
    await using visited = await visit(browser, site.url);
    const { page } = visited;
    await assertAccessible(page);
    await page.getByRole("link", { name: "Try the built-in example" }).click();
    await page.getByText("The data can be fitted.").waitFor();
    assert.equal(await page.getByRole("row", { name: /^tv_spend/ }).count(), 1);
    await assertAccessible(page);

    await page.getByLabel("Method", { exact: true }).selectOption("chees");
    await page.getByText("More settings").click();
    await fill(page, { Name: "First try", Chains: "8", "Warm-up": "50", Draws: "50" });
    await page.getByRole("button", { name: "Start the fit" }).click();
    await page.getByRole("heading", { name: /^Verdict/ }).waitFor();
    await page.locator(".chart .band").waitFor();
    assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "First try Finished");
    assert.equal(await page.getByRole("rowheader", { name: /^(alpha|sigma|A\.[12]|pi\.[12])\b/ }).count(), 6);
    await assertAccessible(page);

    const reading = page.locator("output");
    assert.match(
      await reading.innerText(),
      /^17,218 per row, the current average, adds [\d,.]+ \(90% interval/,
    );
    await page.getByLabel("Pick a spend").press("End");
    assert.match(await reading.innerText(), /^9\d,\d{3} per row adds/);

    const id = new URL(page.url()).hash.split("/").at(-1)!, { body } = await site.ask(`/v1/fits/${id}`);
    const { data, components, ...asked } = body.request;
    assert.deepEqual([data, components, asked], [undefined, 2, {
      method: "chees",
      label: "First try",
      chains: 8,
      warmup: 50,
      draws: 50,
    }]);
    assert.deepEqual(JSON.parse(await download(page, "Result as JSON")), body.result);
    assert.equal(await download(page, "Draws as CSV"), (await site.ask(`/v1/fits/${id}/draws`)).text);
    visited.assertSound();
  });

  await t.step("a long one, reloaded on the way and canceled", async () => {
    await using visited = await visit(browser, site.url);
    const { page } = visited;
    await page.getByLabel("CSV file").setInputFiles(CSV);
    await page.getByLabel("Method", { exact: true }).selectOption("chees");
    await page.getByText("More settings").click();
    await fill(page, { Chains: "8", "Warm-up": "50", Draws: "100000" });
    await page.getByRole("button", { name: "Start the fit" }).click();
    await page.locator(".tile dd.good, .tile dd.fair").first().waitFor(); // an R-hat or ESS
    await assertAccessible(page);
    const seen = await drawsShown(page);

    await page.reload();
    await page.locator(".tile dd.good, .tile dd.fair").first().waitFor();
    assert.ok(await drawsShown(page) >= seen, "traces begin where the fit began");
    assert.equal(await page.locator(".chart .line.chain3").count(), 2);
    assert.match(await page.title(), /^Running: small\.csv/);
    assert.match(await page.locator("#announcer").innerText(), /^Sampling/);

    await page.getByRole("button", { name: "Cancel the fit" }).click();
    await page.getByRole("heading", { name: /^Verdict/ }).waitFor();
    assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "small.csv Canceled");
    await page.getByText("It was canceled. The result below is of the draws that were finished.").waitFor();
    await page.getByRole("link", { name: "Fit this data again" }).click();
    await page.getByText("The data can be fitted").waitFor();
    visited.assertSound();
  });

  await t.step("every view in the dark and on a telephone", async () => {
    const { items: [canceled] } = (await site.ask("/v1/fits")).body;
    const { items: [data] } = (await site.ask("/v1/datasets")).body;
    for (const look of [DARK, PHONE]) {
      await using visited = await visit(browser, site.url, { look });
      for (const hash of ["", `#/data/${data.id}`, `#/fits/${canceled.id}`]) {
        await visited.goTo(hash);
        await visited.page.locator(hash.includes("fits") ? ".chart .band" : "h2").first().waitFor();
        await assertAccessible(visited.page);
        await assertFits(visited.page);
      }
      visited.assertSound();
    }
  });

  await t.step("a fit and its data are deleted", async () => {
    const { items: [{ id, data: { dataset } }] } = (await site.ask("/v1/fits")).body;
    await using visited = await visit(browser, site.url);
    const { page } = visited;
    page.on("dialog", (dialog) => dialog.accept());
    for (
      const [hash, button] of [[`#/fits/${id}`, "Delete this fit"], [`#/data/${dataset}`, "Delete this data"]]
    ) {
      await visited.goTo(hash);
      await page.getByRole("button", { name: button }).click();
      await page.getByRole("heading", { name: "Your data" }).waitFor();
    }
    assert.equal(await page.getByRole("link", { name: "small.csv" }).count(), 0);
    assert.equal((await site.ask(`/v1/datasets/${dataset}`)).status, 404);
    visited.assertSound();
  });
});

/** Points of the longest trace. */
async function drawsShown(page: Page): Promise<number> {
  const paths = await page.locator(".chart .line").evaluateAll((lines) =>
    lines.map((line) => line.getAttribute("d") ?? "")
  );
  return Math.max(...paths.map((path) => path.split("L").length));
}

async function download(page: Page, link: string): Promise<string> {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: link }).click(),
  ]);
  return await Deno.readTextFile(await file.path());
}
