/** The dispatcher on a disk that fills up, and with a fit that will not stop. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { CHECKPOINT_FILE } from "../../lib/runs/checkpoint.ts";
import { Dispatcher } from "../../lib/service/dispatcher.ts";
import type { Job } from "../../lib/service/job.ts";
import { DEFAULT_LIMITS } from "../../lib/service/limits.ts";
import { readResult } from "../../lib/service/results.ts";
import { FAKE_ENGINE } from "../routes/support.ts";
import { Seed } from "./seeds.ts";
import { freezeDisk, openStores, type Stores } from "./stores.ts";

interface Patience {
  readonly stopMs: number;
  readonly closeMs: number;
}

async function openDispatcher({ directory, files, jobs }: Stores, patience?: Patience): Promise<Dispatcher> {
  const settings = { engine: "cpu", directory, script: FAKE_ENGINE } as const;
  const dispatcher = new Dispatcher(settings, files, jobs, DEFAULT_LIMITS, patience);
  await dispatcher.open();
  dispatcher.begin();
  return dispatcher;
}

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);

async function until(jobs: Stores["jobs"], id: string, state: Job["state"]): Promise<Job> {
  for (let i = 0; i < 500; i++) {
    const job = jobs.get(id)!;
    if (job.state === state) return job;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`${id} is ${jobs.get(id)!.state}, not ${state}`);
}

Deno.test("an end that the disk does not take is written when it does", async () => {
  await using stores = await openStores();
  const { add, jobs, database } = stores, dispatcher = await openDispatcher(stores);
  const id = add({ request: { seed: Seed.finishesThoughStopped } });
  dispatcher.wake();
  await until(jobs, id, "running");
  dispatcher.stop(id, "enough");
  {
    using _frozen = freezeDisk(database);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(jobs.get(id)!.state, "running");
    assert.notEqual(await readResult("fit", stores.files.run(id)), undefined);
  }
  assert.equal((await until(jobs, id, "succeeded")).verdict, "review");
  await dispatcher.close();
});

Deno.test("where the disk is full, what a job left goes before its end is written", async () => {
  await using stores = await openStores();
  const { add, jobs, files, database } = stores, dispatcher = await openDispatcher(stores);
  const id = add({ request: { seed: Seed.waitsWithoutDraws } });
  dispatcher.wake();
  await until(jobs, id, "running");
  const left = join(files.work(id, 1), CHECKPOINT_FILE);
  await Deno.mkdir(files.work(id, 1), { recursive: true });
  await Deno.writeTextFile(left, "all that there is room for");
  dispatcher.stop(id, "enough");
  {
    using _frozen = freezeDisk(database);
    for (let i = 0; i < 500 && await exists(left); i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(await exists(left), false);
    assert.equal(jobs.get(id)!.state, "running");
  }
  await until(jobs, id, "canceled");
  await dispatcher.close();
});

Deno.test("a fit that will not stop is killed, and the next one runs", async () => {
  await using stores = await openStores();
  const { add, jobs } = stores, dispatcher = await openDispatcher(stores, { stopMs: 200, closeMs: 200 });
  const id = add({ request: { seed: Seed.hangs } }), next = add();
  dispatcher.wake();
  await until(jobs, id, "running");
  dispatcher.stop(id, "It was canceled.");
  const { error } = await until(jobs, id, "canceled");
  assert.match(error!, /^It was canceled\. There were not yet enough draws/);
  await until(jobs, next, "succeeded");
  const last = add({ request: { seed: Seed.hangs } });
  dispatcher.wake();
  await until(jobs, last, "running");
  await dispatcher.close();
  assert.deepEqual([jobs.get(last)!.state, jobs.get(last)!.crashes], ["queued", 0]);
});
