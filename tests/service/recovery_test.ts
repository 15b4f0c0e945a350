/** What a service makes of the jobs it finds running, for every moment at which the one before can have died. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { CHECKPOINT_FILE } from "../../lib/runs/checkpoint.ts";
import { reportJson, writeRun } from "../../lib/runs/directory.ts";
import { Dispatcher } from "../../lib/service/dispatcher.ts";
import { DEFAULT_LIMITS } from "../../lib/service/limits.ts";
import { type Kind, KINDS, NOUNS } from "../../lib/service/job.ts";
import { recover } from "../../lib/service/recovery.ts";
import { COMPARE_FILE, UNFINISHED_FILE, writeCompare } from "../../lib/runs/compare.ts";
import { compareReport, sampler } from "../runs/compare_fixture.ts";
import { fakeOutcome } from "../runs/fixture.ts";
import { names } from "../runs/temporary.ts";
import { openStores, type Stores } from "./stores.ts";

/** Salvages nothing, and says for which job it was asked. */
class NoSalvage extends Dispatcher {
  readonly asked: string[] = [];

  override salvage({ id }: { id: string }) {
    this.asked.push(id);
    return Promise.resolve({});
  }
}

async function recoverAll(stores: Stores): Promise<NoSalvage> {
  const { directory, files, jobs } = stores;
  const dispatcher = new NoSalvage({ engine: "cpu", directory }, files, jobs, DEFAULT_LIMITS);
  await recover({ dispatcher, ...stores });
  return dispatcher;
}

function startOne({ add, jobs }: Stores, kind: Kind = "fit"): string {
  const id = add({ kind });
  jobs.startNext(1000);
  return id;
}

/** A result of its kind, whole or cut short. */
async function writeResult(kind: Kind, path: string, partial: boolean): Promise<void> {
  if (kind === "fit") return await writeRun(path, fakeOutcome({ partial }));
  await writeRun(join(path, "chees"), fakeOutcome({ partial }));
  await writeCompare(path, compareReport([sampler("chees", { partial })], { partial }));
}

Deno.test("of an attempt cut off the checkpoint is kept, and handed to the next one", async () => {
  await using stores = await openStores();
  const { files, jobs, directory } = stores, id = startOne(stores), other = startOne(stores);
  const checkpoint = (attempt: number) => join(files.work(id, attempt), CHECKPOINT_FILE);
  await Deno.mkdir(files.work(id, 1));
  for (const name of [CHECKPOINT_FILE, "draws.partial.csv", `.${CHECKPOINT_FILE}.partial`]) {
    await Deno.writeTextFile(join(files.work(id, 1), name), "first");
  }
  await Deno.mkdir(files.work(other, 1));
  await Deno.writeTextFile(join(files.work(other, 1), "draws.partial.csv"), "");
  await recoverAll(stores);
  const work = () => names(join(directory, "work"));
  assert.deepEqual(await work(), [`${id}.1`], "without a checkpoint nothing is kept");
  assert.deepEqual(await names(files.work(id, 1)), [CHECKPOINT_FILE]);
  await recoverAll(stores);
  assert.deepEqual(await work(), [`${id}.1`]);

  // The second attempt dies before it has one of its own, so that the third gets the first one's.
  for (const attempt of [2, 3]) {
    files.openWork(id, attempt);
    assert.deepEqual(await work(), [`${id}.${attempt}`]);
    assert.equal(await Deno.readTextFile(checkpoint(attempt)), "first");
  }
  await Deno.mkdir(files.work(id, 4));
  await Deno.writeTextFile(checkpoint(4), "newer");
  files.openWork(id, 5);
  assert.equal(await Deno.readTextFile(checkpoint(5)), "newer");

  jobs.cancelQueued(id, "It was canceled.", 5);
  await recoverAll(stores);
  assert.deepEqual(await work(), [], "nobody wants it any more");
});

const MOMENTS = [
  { name: "written but not in its place", partial: false, place: "work", stop: null, state: "succeeded" },
  {
    name: "in its place but not written down",
    partial: false,
    place: "run",
    stop: null,
    state: "succeeded",
  },
  {
    name: "cut short at the client's wish",
    partial: true,
    place: "work",
    stop: "It was canceled.",
    state: "canceled",
  },
  { name: "cut short by a service that left", partial: true, place: "work", stop: null, state: "queued" },
  { name: "not there", partial: false, place: "none", stop: null, state: "queued" },
  {
    name: "not there, and unwanted",
    partial: false,
    place: "none",
    stop: "It was canceled.",
    state: "canceled",
  },
] as const;

for (const kind of KINDS) {
  for (const { name, partial, place, stop, state } of MOMENTS) {
    Deno.test(`a ${NOUNS[kind]}'s result that was ${name}`, async () => {
      await using stores = await openStores();
      const { files, jobs } = stores, id = startOne(stores, kind);
      if (stop !== null) jobs.tellToStop(id, stop);
      if (place !== "none") {
        await writeResult(kind, place === "run" ? files.run(id) : files.work(id, 1), partial);
      }
      await recoverAll(stores);
      const job = jobs.get(id)!, published = place !== "none" && state !== "queued";
      assert.equal(job.state, state);
      assert.equal(job.verdict === null, !published);
      const runs = await Array.fromAsync(Deno.readDir(join(stores.directory, "runs")));
      assert.equal(runs.length, published ? 1 : 0);
      assert.deepEqual(await Array.fromAsync(Deno.readDir(join(stores.directory, "work"))), []);
      assert.equal(job.crashes, state === "queued" && place === "none" ? 1 : 0);
      await recoverAll(stores);
      assert.deepEqual(jobs.get(id), job, "recovering twice changes nothing more");
    });
  }
}

Deno.test("of a comparison cut off the methods that had ended are kept, and handed to the next attempt", async () => {
  await using stores = await openStores();
  const { files, jobs } = stores, id = startOne(stores, "compare"), other = startOne(stores, "compare");
  for (const one of [id, other]) {
    for (const run of ["chees", "nuts-none"]) await writeRun(join(files.work(one, 1), run), fakeOutcome());
    await writeCompare(files.work(one, 1), compareReport([sampler("chees")]), UNFINISHED_FILE);
  }
  await Deno.writeTextFile(join(files.work(id, 1), "chees.kept.bin"), "");
  await Deno.writeTextFile(join(files.work(id, 1), "nuts.kept.bin"), "");
  await recoverAll(stores);
  const { state, crashes } = jobs.get(id)!;
  assert.deepEqual([state, crashes], ["queued", 1]);
  assert.deepEqual([files.hasSaved(id, 1), files.hasWork(id, 1), files.hasWork(other, 1)], [
    true,
    true,
    false,
  ]);
  await Deno.mkdir(join(files.work(id, 1), "tempered")); // by a process that died a little later
  files.openWork(id, 2);
  const saved = ["chees", "chees.kept.bin", UNFINISHED_FILE, "nuts.kept.bin"];
  assert.deepEqual(await names(files.work(id, 2)), saved);
  await writeResult("compare", files.work(id, 2), false);
  await files.publish({ id, kind: "compare", attempt: 2 });
  assert.deepEqual(await names(files.run(id)), ["chees", COMPARE_FILE, UNFINISHED_FILE]);
});

Deno.test("a job under which the service died twice is given up", async () => {
  await using stores = await openStores();
  const { files, jobs } = stores, id = startOne(stores);
  await recoverAll(stores);
  jobs.startNext(2000);
  await Deno.mkdir(files.work(id, 2));
  const running = { ...fakeOutcome().report, state: "running" };
  await Deno.writeTextFile(join(files.work(id, 2), "fit.json"), reportJson(running as never));
  const { asked } = await recoverAll(stores);
  assert.deepEqual(asked, [id]);
  const { state, error } = jobs.get(id)!;
  assert.equal(state, "interrupted");
  assert.match(error!, /ended twice/);
});

Deno.test("what nothing refers to is removed, and nothing else", async () => {
  await using stores = await openStores();
  const { add, jobs, files, datasets, directory } = stores;
  const kept = add();
  jobs.finish(jobs.startNext(1)!, { state: "succeeded", verdict: "pass", partial: false }, 2);
  await writeRun(files.run(kept), fakeOutcome());
  const letters = (letter: string) => letter.repeat(26), table = `data_${letters("b")}`;
  datasets.insert({
    id: table,
    owner: "a",
    name: "n",
    rows: 1,
    columns: [],
    bytes: 2,
    kept: true,
    created: 1,
  });
  for (
    const path of [
      `datasets/${table}.json`,
      `datasets/data_${letters("c")}.json`,
      `datasets/${table}.json.partial`,
    ]
  ) {
    await Deno.writeTextFile(join(directory, path), "{}");
  }
  await writeRun(files.run(`fit_${letters("d")}`), fakeOutcome());
  await writeResult("compare", files.run(`compare_${letters("d")}`), false);
  await writeRun(files.work(kept, 1), fakeOutcome());
  await Deno.writeTextFile(join(directory, "runs", "notes.txt"), "not ours");
  await recoverAll(stores);
  const held = (folder: string) => names(join(directory, folder));
  assert.deepEqual(await held("datasets"), [`${table}.json`]);
  assert.deepEqual(await held("runs"), [kept, "notes.txt"]);
  assert.deepEqual(await held("work"), []);
});
