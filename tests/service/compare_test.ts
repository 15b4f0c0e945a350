/** Comparisons by a real engine: the command line's own, and nothing finished is lost when they are stopped or killed. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { formatCsv } from "../../lib/data/csv.ts";
import { type Event, openSite, readEvents, SMALL_COMPARISON, smallRows } from "../routes/support.ts";
import { makeCli } from "./command_line.ts";
import { startServer } from "./server.ts";

/** A quick method, then one that takes ten times as long, unless it is stopped. */
const LONG_COMPARISON = { methods: ["advi", "nuts"], components: 3, effort: 0.5 } as const;

/** Whether the second method is at work. */
const atSecond = (seen: readonly Event[]) => seen.some(({ data }) => data.method === "nuts");

/** Whether it has draws enough to be judged. */
const hasDraws = (seen: readonly Event[]) =>
  seen.some(({ data }) => data.method === "nuts" && data.phase === "sampling" && data.done >= 20);

/** Without times, in numbers and in sentences, which differ from run to run. */
function withoutTimes(report: Record<string, unknown>): unknown {
  const times = /_s$|^ess_per_s$|^created_at$|^started_at$/;
  return JSON.parse(
    JSON.stringify(report, (key, value) => times.test(key) ? undefined : value)
      .replaceAll(/[\d.]+ s\b/g, "a while"),
  );
}

Deno.test("a comparison by the service is that of the command line, method by method and draw by draw", async () => {
  await using site = await openSite({ real: true });
  const rows = smallRows();
  const id = await site.compare({ data: { rows, name: "small.csv" }, seed: 7, holdout: 0.2 });
  const done = await site.ended(id);
  assert.equal(done.state, "succeeded", done.error);
  await using cli = await makeCli();
  const csv = formatCsv(["week", "spend", "sales"], rows.map((row) => Object.values(row) as number[]));
  await Deno.writeTextFile(join(cli.directory, "small.csv"), csv);
  const { methods, components, effort } = SMALL_COMPARISON;
  const { report, runs } = await cli.compare(
    `small.csv --methods ${methods} --components ${components} --effort ${effort} --seed 7 --holdout 0.2 --engine cpu`,
  );
  assert.deepEqual(withoutTimes(done.result), withoutTimes(report));
  assert.ok(done.result.methods.every(({ run }: { run: unknown }) => run !== null));
  for (const { method, draws, summary } of done.runs) {
    const run = runs.get(method)!;
    assert.equal((await site.ask(draws)).text, run.draws, method);
    assert.deepEqual((await site.ask(summary)).body.summary, run.report.summary);
  }
  const work = await Array.fromAsync(Deno.readDir(join(site.service.files.directory, "work")));
  assert.deepEqual(work, []);
});

Deno.test("the built-in example's truth is known to the service as well", async () => {
  await using site = await openSite({ real: true });
  const { result } = await site.ended(
    await site.compare({ data: { example: true }, methods: ["advi"], effort: 0.05 }),
  );
  assert.ok(result.truth.contribution.mean > 0);
  assert.ok(result.methods[0].recovery.quantities.length > 5);
});

Deno.test("cancel keeps the methods that are done, and what the one at work had", async () => {
  await using site = await openSite({ real: true });
  const id = await site.compare(LONG_COMPARISON);
  await readEvents(`${site.url}/v1/compare/${id}/events`, { enough: hasDraws });
  await site.ask(`/v1/compare/${id}/cancel`, { method: "POST" });
  const done = await site.ended(id);
  assert.deepEqual([done.state, done.partial, done.error], ["canceled", true, "It was canceled."]);
  const [advi, nuts] = done.result.methods;
  assert.deepEqual([advi.partial, nuts.partial], [false, true]);
  for (const { draws } of done.runs) assert.match((await site.ask(draws)).text, /^chain,draw,lp__/);
  assert.deepEqual(done.runs.map(({ method }: { method: string }) => method), ["advi", "nuts"]);
  assert.equal((await site.ended(await site.send())).state, "succeeded", "the engine goes on");
  assert.equal(site.service.dispatcher.started, 1);
});

Deno.test("an engine that is killed leaves the methods that were done", async () => {
  await using site = await openSite({ real: true });
  const id = await site.compare(LONG_COMPARISON), next = await site.compare();
  await readEvents(`${site.url}/v1/compare/${id}/events`, { enough: atSecond });
  Deno.kill(site.service.dispatcher.enginePid!, "SIGKILL");
  const failed = await site.ended(id);
  assert.deepEqual([failed.state, failed.partial], ["failed", true]);
  assert.match(failed.error, /was killed \(SIGKILL\)/);
  assert.deepEqual(failed.runs.map(({ method }: { method: string }) => method), ["advi"]);
  const files = await Array.fromAsync(Deno.readDir(site.service.files.run(id)), ({ name }) => name);
  assert.deepEqual(files.sort(), ["advi", "compare.json"], "nothing of the method that was at work");
  assert.equal((await site.ended(next)).state, "succeeded");
});

Deno.test("the service leaves, then is killed twice, under a comparison: given up with what was done", async () => {
  const directory = await Deno.makeTempDir();
  try {
    let server = await startServer(directory);
    const sent = await fetch(`${server.url}/v1/compare`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ data: { rows: smallRows() }, ...LONG_COMPARISON }),
    });
    assert.equal(sent.status, 202);
    const { id } = await sent.json();
    const look = async (wait = 0) =>
      await (await fetch(`${server.url}/v1/compare/${id}`, { headers: { Prefer: `wait=${wait}` } })).json();
    /** Until the second method of this attempt is at work. */
    const untilAtSecond = async (attempt: number) => {
      const begun = (seen: readonly Event[]) =>
        seen.findIndex(({ event, data }) =>
          event === "state" && data.attempt === attempt && data.state === "running"
        );
      await readEvents(`${server.url}/v1/compare/${id}/events`, {
        enough: (seen) => begun(seen) >= 0 && atSecond(seen.slice(begun(seen))),
      });
    };
    await untilAtSecond(1);
    const told = performance.now();
    assert.equal(await server.signal("SIGTERM"), 0);
    assert.ok(performance.now() - told < 10_000);
    for (const attempt of [2, 3]) {
      server = await startServer(directory);
      await untilAtSecond(attempt);
      const running = await look();
      assert.deepEqual([running.state, running.attempt, running.resumed], ["running", attempt, true]);
      await server.signal("SIGKILL");
    }
    server = await startServer(directory);
    const given = await look(30);
    assert.deepEqual([given.state, given.attempt, given.partial], ["interrupted", 3, true]);
    assert.match(given.error, /ended twice while this comparison ran/);
    assert.deepEqual(given.result.methods.map(({ method }: { method: string }) => method), ["advi"]);
    const draws = await fetch(server.url + given.runs[0].draws);
    assert.match(await draws.text(), /^chain,draw,lp__/);
    assert.equal(await server.signal("SIGTERM"), 0);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
