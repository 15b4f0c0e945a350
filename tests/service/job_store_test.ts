/** Jobs on the disk: who goes first, and who may change what. */
import assert from "node:assert/strict";
import { openDatabase } from "../../lib/service/database.ts";
import { DeliveryStore } from "../../lib/service/webhooks/delivery_store.ts";
import { JobStore } from "../../lib/service/job_store.ts";
import { problemResponse } from "../../routes/problem.ts";
import { fillDisk, openStores } from "./stores.ts";

const PROGRESS = {
  phase: "sampling",
  done: 1,
  total: 2,
  transitionsPerSecond: 0,
  gradients: 0,
  divergences: 0,
} as const;

Deno.test("clients take turns within a priority, and each client's jobs keep their order", async () => {
  await using stores = await openStores();
  const { add, jobs } = stores, names = new Map<string, string>();
  const put = (name: string, owner: string, priority: "low" | "normal" | "high" = "normal") =>
    names.set(add({ owner, priority }), name);
  for (const name of ["a1", "a2", "a3"]) put(name, "a");
  for (const name of ["b1", "b2"]) put(name, "b");
  put("c1", "c");
  put("low", "c", "low");
  put("high", "a", "high");
  const order: string[] = [];
  for (let job = jobs.startNext(1); job !== undefined; job = jobs.startNext(1)) {
    order.push(names.get(job.id)!);
    jobs.finish(job, { state: "succeeded" }, 2);
  }
  assert.deepEqual(order, ["high", "b1", "c1", "a1", "b2", "a2", "a3", "low"]);
});

Deno.test("only the attempt that runs can end a job, and only once", async () => {
  await using stores = await openStores();
  const { add, jobs } = stores, id = add(), first = jobs.startNext(1000)!;
  assert.equal(jobs.requeue(first, true, 500), true);
  const second = jobs.startNext(2000)!;
  assert.deepEqual([second.attempt, second.crashes, second.id], [2, 1, id]);
  assert.equal(jobs.finish(first, { state: "succeeded", verdict: "pass" }, 2500), false);
  assert.equal(jobs.finish(second, { state: "failed", error: "so" }, 3000), true);
  assert.equal(jobs.finish(second, { state: "succeeded" }, 3000), false);
  assert.equal(jobs.requeue(second, true, 0), false);
  assert.equal(jobs.cancelQueued(id, "no", 3000), false);
  assert.equal(jobs.tellToStop(id, "no"), false);
  const { state, error, ended, runMs } = jobs.get(id)!;
  assert.deepEqual([state, error, ended, runMs], ["failed", "so", 3000, 1500]);
  assert.equal(jobs.startNext(4000), undefined);
});

Deno.test("events rise, and of progress only the last outlives the end", async () => {
  await using stores = await openStores();
  const { add, jobs } = stores, id = add(), other = add();
  const job = jobs.startNext(1)!;
  for (let done = 0; done < 5; done++) jobs.progress(id, { ...PROGRESS, done });
  assert.equal(jobs.events(id, 0, 100).length, 7);
  const middle = jobs.events(id, 0, 3).at(-1)!.seq;
  assert.deepEqual(jobs.events(id, middle, 2).map(({ data }) => JSON.parse(data).done), [1, 2]);
  jobs.finish(job, { state: "succeeded", verdict: "pass", partial: false }, 2);
  const kept = jobs.events(id, 0, 100);
  assert.deepEqual(kept.map(({ type }) => type), ["state", "state", "progress", "state"]);
  assert.equal(JSON.parse(kept[2].data).done, 4);
  jobs.progress(id, PROGRESS);
  assert.equal(jobs.events(id, 0, 100).length, 4, "an ended job makes no progress");
  assert.equal(jobs.remove(other), false);
  assert.equal(jobs.remove(id), true);
  assert.deepEqual([jobs.get(id), jobs.events(id, 0, 100)], [undefined, []]);
});

Deno.test("time that fits ran counts for a day", async () => {
  await using stores = await openStores();
  const { add, jobs } = stores, day = 24 * 3600 * 1000;
  add({ owner: "a" });
  jobs.finish(jobs.startNext(0)!, { state: "succeeded" }, 4000);
  add({ owner: "b" });
  jobs.finish(jobs.startNext(0)!, { state: "succeeded" }, 100);
  assert.deepEqual([jobs.ranInDay("a", day), jobs.ranInDay("a", day + 4000)], [4000, 0]);
});

Deno.test("a full disk changes nothing, is said so, and is over when there is room", async () => {
  await using stores = await openStores();
  const { add, jobs, database } = stores;
  add();
  const label = "x".repeat(20_000);
  {
    using _full = fillDisk(database);
    let told: unknown;
    assert.throws(() => add({ label }), (error) => {
      told = error;
      return true;
    });
    const answer = problemResponse(told);
    assert.deepEqual([answer.status, (await answer.json()).title], [507, "The disk is full"]);
    assert.equal(jobs.counts().queued, 1);
  }
  add({ label });
  assert.equal(jobs.counts().queued, 2);
});

Deno.test("where an attempt went on from is told, and is that attempt's alone", async () => {
  await using stores = await openStores();
  const { add, jobs } = stores, id = add(), at = { phase: "sampling", done: 3, total: 9 } as const;
  const first = jobs.startNext(1)!;
  jobs.resume(first, at);
  assert.deepEqual(jobs.get(id)!.resumedAt, at);
  const told = () => JSON.parse(jobs.events(id, 0, 100).at(-1)!.data);
  assert.deepEqual([told().state, told().resumed_at], ["running", at]);
  jobs.requeue(first, true, 0);
  const second = jobs.startNext(2)!;
  assert.deepEqual([second.resumedAt, told().resumed, told().resumed_at], [null, true, null]);
  jobs.resume(first, at);
  assert.equal(jobs.get(id)!.resumedAt, null, "the first attempt is over");
});

Deno.test("a database of the version before goes on with its jobs", async () => {
  const path = await Deno.makeTempFile(), job = { id: "a", attempt: 1 };
  {
    using database = openDatabase(path);
    database.sql.exec(`ALTER TABLE jobs DROP COLUMN resumed_at; DROP TABLE deliveries;
      INSERT INTO jobs (id, kind, state, owner, priority, request, created, attempt)
      VALUES ('a', 'fit', 'running', 'local', 1, '{}', 1, 1);
      PRAGMA user_version = 1;`);
  }
  for (const found of [null, { phase: "warm-up", done: 1, total: 2 }] as const) {
    using database = openDatabase(path);
    const jobs = new JobStore(database);
    assert.deepEqual(jobs.get("a")!.resumedAt, found);
    jobs.resume(job, { phase: "warm-up", done: 1, total: 2 });
    assert.deepEqual(new DeliveryStore(database).counts(), { pending: 0, delivered: 0, failed: 0 });
  }
  await Deno.remove(path);
});

Deno.test("a database of a newer service is refused", async () => {
  const path = await Deno.makeTempFile();
  openDatabase(path)[Symbol.dispose]();
  using database = openDatabase(path);
  database.sql.exec("PRAGMA user_version = 99");
  assert.throws(() => openDatabase(path), /newer hillmix/);
  await Deno.remove(path);
});
