/** The service with a real engine: its results are the command line's, and what dies costs one fit. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { formatCsv } from "../../lib/data/csv.ts";
import { openSite, readEvents, SMALL_FIT, smallRows } from "../routes/support.ts";
import { makeCli } from "./command_line.ts";
import { Seed } from "./seeds.ts";

/** Long enough to be stopped on the way, if nothing else ends it; a minute or so. */
const LONG_FIT = { ...SMALL_FIT, chains: 16, warmup: 200, draws: 100_000 };

const sampling = (seen: readonly { event: string; data: { phase?: string; done?: number } }[]) =>
  seen.some(({ event, data }) => event === "progress" && data.phase === "sampling" && data.done! >= 100);

Deno.test("a fit by the service is the fit of the command line, draw by draw", async () => {
  await using site = await openSite({ real: true });
  const rows = smallRows(), id = await site.send({ data: { rows, name: "small.csv" }, seed: 7 });
  const done = await site.ended(id);
  assert.equal(done.state, "succeeded", done.error);
  await using cli = await makeCli();
  const csv = formatCsv(["week", "spend", "sales"], rows.map((row) => Object.values(row) as number[]));
  await Deno.writeTextFile(join(cli.directory, "small.csv"), csv);
  const sizes = "--method chees --components 1 --chains 8 --warmup 50 --draws 50 --seed 7 --engine cpu";
  const { report, draws } = await cli.fit(`small.csv ${sizes}`);
  assert.equal((await site.ask(`/v1/fits/${id}/draws`)).text, draws);
  for (const key of ["summary", "diagnostics", "verdict", "elpd", "data", "model", "sampling"]) {
    assert.deepEqual(done.result[key], report[key], key);
  }
});

Deno.test("cancel in mid-run keeps the draws and says so", async () => {
  await using site = await openSite({ real: true });
  const id = await site.send(LONG_FIT);
  const seen = await readEvents(`${site.url}/v1/fits/${id}/events`, { enough: sampling });
  await site.ask(`/v1/fits/${id}/cancel`, { method: "POST" });
  const done = await site.ended(id);
  assert.deepEqual([done.state, done.partial, done.error], ["canceled", true, "It was canceled."]);
  assert.ok(done.result.sampling.draws >= 100 && done.result.sampling.draws < LONG_FIT.draws);
  const draws = (await site.ask(`/v1/fits/${id}/draws`)).text.trim().split("\n").length - 1;
  assert.equal(draws, LONG_FIT.chains * done.result.sampling.draws);
  const progress = seen.filter(({ event }) => event === "progress");
  assert.ok(progress.length >= 1);
});

Deno.test("an engine that is killed costs one fit, keeps its draws, and is replaced", async () => {
  await using site = await openSite({ real: true });
  const id = await site.send(LONG_FIT), next = await site.send();
  await readEvents(`${site.url}/v1/fits/${id}/events`, { enough: sampling });
  await new Promise((resolve) => setTimeout(resolve, 1500)); // the journal is written once a second
  Deno.kill(site.service.dispatcher.enginePid!, "SIGKILL");
  const failed = await site.ended(id);
  assert.deepEqual([failed.state, failed.partial], ["failed", true]);
  assert.match(failed.error, /was killed \(SIGKILL\)/);
  assert.notEqual(failed.result.verdict.status, "pass");
  assert.equal((await site.ended(next)).state, "succeeded");
  assert.equal(site.service.dispatcher.started, 2);
});

Deno.test("faults of the engine are one failed fit and a sentence each", async () => {
  await using site = await openSite();
  const sentences = [
    [Seed.fails, /^The device was lost\.$/],
    [Seed.exits, /stopped \(code 7\)/],
    [Seed.outOfMemory, /ran out of memory/],
  ] as const;
  for (const [seed, sentence] of sentences) {
    const failed = await site.ended(await site.send({ seed }));
    assert.deepEqual([failed.state, failed.result], ["failed", null]);
    assert.match(failed.error, sentence);
    assert.equal((await site.ended(await site.send())).state, "succeeded");
  }
});

Deno.test("leaving puts the fit under way back into the queue, and the next service runs it", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const before = await openSite({ directory });
    const id = await before.send({ seed: Seed.waits }), waiting = await before.send();
    await readEvents(`${before.url}/v1/fits/${id}/events`, { enough: (seen) => seen.length >= 3 });
    const stream = readEvents(`${before.url}/v1/fits/${waiting}/events`);
    const held = before.ask(`/v1/fits/${waiting}`, { headers: { Prefer: "wait=30" } });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await before.close();
    assert.equal((await held).status, 200);
    assert.equal((await stream).length, 1);

    await using after = await openSite({ directory });
    await readEvents(`${after.url}/v1/fits/${id}/events`, { enough: (seen) => seen.length >= 5 });
    const { body } = await after.ask(`/v1/fits/${id}`);
    assert.deepEqual([body.state, body.attempt, body.resumed], ["running", 2, true]);
    await after.ask(`/v1/fits/${id}/cancel`, { method: "POST" });
    assert.equal((await after.ended(id)).state, "canceled");
    assert.equal((await after.ended(waiting)).state, "succeeded");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("only one service at a time has a directory", async () => {
  await using site = await openSite();
  await assert.rejects(openSite({ directory: site.service.files.directory }), /another service is at work/);
});
