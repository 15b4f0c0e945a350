/** What the page says of a fit whose process died. */
import assert from "node:assert/strict";
import { openSite } from "../routes/support.ts";
import { openBrowser, visit } from "./browser.ts";

Deno.test("a fit that was cut off says where it goes on from, without a reload", async () => {
  await using site = await openSite({ real: true, checkpointMs: 100 });
  await using browser = await openBrowser();
  await using visited = await visit(browser, site.url);
  const { page } = visited, { service } = site;
  const id = await site.send({ draws: 100_000 });
  await visited.goTo(`#/fits/${id}`);
  await page.getByText(/Sampling/).first().waitFor();
  while (!service.files.hasSaved(id, 1)) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(await page.getByText("This fit was cut off").count(), 0);
  Deno.kill(service.dispatcher.enginePid!, "SIGKILL");
  const said = page.getByText("This fit was cut off, and goes on from where it was");
  await said.waitFor();
  assert.match(await said.innerText(), /\((sampling: \d+ of 100000|warming up: \d+ of 50)\)\.$/);
  await page.getByRole("button", { name: "Cancel the fit" }).click();
  await page.getByRole("heading", { name: /^Verdict/ }).waitFor();
  visited.assertSound();
});

Deno.test("a comparison that was cut off says which method it goes on with", async () => {
  await using site = await openSite({ real: true });
  await using browser = await openBrowser();
  await using visited = await visit(browser, site.url);
  const { page } = visited, { service } = site;
  const id = await site.compare({ methods: ["advi", "nuts"], components: 3 });
  await visited.goTo(`#/compare/${id}`);
  await page.getByRole("heading", { name: "Method 2 of 2: nuts" }).waitFor();
  Deno.kill(service.dispatcher.enginePid!, "SIGKILL");
  await page.getByText("This comparison was cut off, and goes on with nuts.").waitFor();
  await page.getByRole("button", { name: "Cancel the comparison" }).click();
  await page.getByRole("heading", { name: "The methods side by side" }).waitFor();
  visited.assertSound();
});
