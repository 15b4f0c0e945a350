/** Comparisons by a real engine: the command line's own, and nothing finished is lost when they are stopped or killed. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { formatCsv } from "../../lib/data/csv.ts";
import { type Event, openSite, readEvents, SMALL_COMPARISON, smallRows } from "../routes/support.ts";
import { timeless } from "../compare/timeless.ts";
import { makeCli } from "./command_line.ts";
import { startServer } from "./server.ts";

/** A quick method, then one that takes ten times as long, unless it is stopped. */
const LONG_COMPARISON = { methods: ["advi", "nuts"], components: 3, effort: 0.5 } as const;

/** Whether the second method is at work. */
const atSecond = (seen: readonly Event[]) => seen.some(({ data }) => data.method === "nuts");

/** The events of an attempt, which begins as it is said to run. */
function attemptOf(seen: readonly Event[], attempt: number): readonly Event[] {
  const begun = seen.findIndex(({ event, data }) =>
    event === "state" && data.attempt === attempt && data.state === "running"
  );
  return begun < 0 ? [] : seen.slice(begun);
}

/** Whether it has draws enough to be judged. */
const hasDraws = (seen: readonly Event[]) =>
  seen.some(({ data }) => data.method === "nuts" && data.phase === "sampling" && data.done >= 20);

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
  assert.deepEqual(timeless(done.result), timeless(report));
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

Deno.test("an engine that is killed before a method was done is the end; later, twice", async () => {
  await using site = await openSite({ real: true });
  const early = await site.compare({ ...LONG_COMPARISON, methods: ["nuts", "advi"] });
  await readEvents(`${site.url}/v1/compare/${early}/events`, { enough: atSecond });
  Deno.kill(site.service.dispatcher.enginePid!, "SIGKILL");
  const ended = await site.ended(early);
  assert.deepEqual([ended.state, ended.attempt, ended.result], ["failed", 1, null]);

  const id = await site.compare(LONG_COMPARISON), next = await site.compare();
  for (const attempt of [1, 2]) {
    const enough = (seen: readonly Event[]) => atSecond(attemptOf(seen, attempt));
    const seen = attemptOf(await readEvents(`${site.url}/v1/compare/${id}/events`, { enough }), attempt);
    assert.equal(seen.some(({ data }) => data.method === "advi"), attempt === 1);
    Deno.kill(site.service.dispatcher.enginePid!, "SIGKILL");
  }
  const failed = await site.ended(id);
  assert.deepEqual([failed.state, failed.attempt, failed.partial], ["failed", 2, true]);
  assert.deepEqual(failed.resumed_at, { method: "nuts", phase: "data", done: 0, total: 1 });
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
      const seen = await readEvents(`${server.url}/v1/compare/${id}/events`, {
        enough: (seen) => atSecond(attemptOf(seen, attempt)),
      });
      return attemptOf(seen, attempt);
    };
    await untilAtSecond(1);
    const told = performance.now();
    assert.equal(await server.signal("SIGTERM"), 0);
    assert.ok(performance.now() - told < 10_000);
    for (const attempt of [2, 3]) {
      server = await startServer(directory);
      const seen = await untilAtSecond(attempt);
      assert.ok(!seen.some(({ data }) => data.method === "advi"), "what was done is not done again");
      const running = await look();
      assert.equal(running.resumed_at.method, "nuts");
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
