/** The life of comparisons over HTTP, on a fake engine: what sets them apart from fits, and what does not. */
import assert from "node:assert/strict";
import { compareReportSchema } from "../../lib/runs/compare.ts";
import { compareDetailSchema, compareSchema } from "../../routes/compare.ts";
import { Seed } from "../service/seeds.ts";
import { openSite, readEvents, SMALL_COMPARISON, smallRows } from "./support.ts";

const BODY = { data: { rows: smallRows() }, ...SMALL_COMPARISON };

Deno.test("a comparison is taken at once, runs, and shows its result and the runs of its methods", async () => {
  await using site = await openSite();
  const json = { ...BODY, data: { rows: smallRows(), name: "shop" }, label: "which?", priority: "high" };
  const taken = await site.ask("/v1/compare", { json });
  assert.equal(taken.status, 202, taken.text);
  const { id } = compareSchema.strict().parse(taken.body);
  assert.match(id, /^compare_/);
  assert.equal(taken.headers.get("Location"), `/v1/compare/${id}`);
  assert.deepEqual(
    [taken.body.label, taken.body.priority, taken.body.data.name, taken.body.methods, taken.body.effort],
    ["which?", "high", "shop", ["chees", "advi"], 0.1],
  );

  const done = compareDetailSchema.strict().parse(await site.ended(id));
  assert.deepEqual([done.state, done.attempt, done.partial, done.verdict], ["succeeded", 1, false, "pass"]);
  assert.deepEqual(done.request, { ...SMALL_COMPARISON, label: "which?", priority: "high" });
  const report = compareReportSchema.parse(done.result);
  assert.deepEqual(report.methods.map(({ method }) => method), ["chees", "advi"]);

  assert.deepEqual(done.runs.map(({ method }) => method), ["chees", "advi"]);
  for (const { method, summary, draws } of done.runs) {
    const directory = `${site.service.files.run(id)}/${method}`;
    const fit = JSON.parse(await Deno.readTextFile(`${directory}/fit.json`));
    assert.deepEqual((await site.ask(summary)).body, {
      id,
      verdict: fit.verdict,
      diagnostics: fit.diagnostics,
      summary: fit.summary,
    });
    const csv = await site.ask(draws);
    assert.equal(csv.text, await Deno.readTextFile(`${directory}/draws.csv`));
    assert.match(
      csv.headers.get("Content-Disposition")!,
      new RegExp(`filename="${id}-${method}-draws\\.csv"`),
    );
    assert.equal((await site.ask(`${draws}?columns=nothing`)).status, 422);
  }
  for (const run of ["nuts", "..", "%2e%2e", "compare.json"]) {
    assert.equal((await site.ask(`/v1/compare/${id}/runs/${run}/draws`)).status, 404, run);
  }

  assert.equal((await site.ask(`/v1/compare/${id}`, { method: "DELETE" })).status, 204);
  assert.equal((await site.ask(`/v1/compare/${id}`)).status, 404);
  for (const folder of ["runs", "datasets", "work"]) {
    const left = await Array.fromAsync(Deno.readDir(`${site.service.files.directory}/${folder}`));
    assert.deepEqual(left, [], folder);
  }
});

Deno.test("each kind has its own lists and ids, and they share the queue", async () => {
  await using site = await openSite();
  const blocker = await site.send({ seed: Seed.waits });
  const fits = [await site.send(), await site.send()],
    compared = [await site.compare(), await site.compare()];
  const idsOf = async (path: string) => (await site.ask(path)).body.items.map(({ id }: { id: string }) => id);
  assert.deepEqual(await idsOf("/v1/fits"), [...fits.toReversed(), blocker]);
  assert.deepEqual(await idsOf("/v1/compare"), compared.toReversed());
  assert.equal((await site.ask(`/v1/compare/${compared[1]}`)).body.ahead, 3, "two fits and a comparison");

  const [first] = compared;
  for (
    const [method, path] of [
      ["GET", `/v1/fits/${first}`],
      ["GET", `/v1/fits/${first}/events`],
      ["GET", `/v1/fits/${first}/draws`],
      ["POST", `/v1/fits/${first}/cancel`],
      ["DELETE", `/v1/fits/${first}`],
      ["GET", `/v1/compare/${fits[0]}`],
      ["GET", `/v1/compare/${fits[0]}/events`],
      ["POST", `/v1/compare/${fits[0]}/cancel`],
      ["DELETE", `/v1/compare/${fits[0]}`],
    ]
  ) assert.equal((await site.ask(path, { method })).status, 404, `${method} ${path}`);

  const page = (await site.ask("/v1/compare?limit=1")).body;
  assert.equal(page.items[0].id, compared[1]);
  const rest = (await site.ask(`/v1/compare?limit=1&cursor=${page.next_cursor}`)).body;
  assert.deepEqual([rest.items[0].id, rest.next_cursor], [first, null]);
  assert.deepEqual(await idsOf("/v1/compare?state=queued"), compared.toReversed());
  assert.deepEqual(await idsOf("/v1/compare?state=succeeded,failed"), []);
  for (const query of ["limit=0", "cursor=zzz", "state=done", "method=nuts"]) {
    assert.equal((await site.ask(`/v1/compare?${query}`)).status, 422, query);
  }
  await site.ask(`/v1/fits/${blocker}/cancel`, { method: "POST" });
  for (const id of [...fits, ...compared]) assert.equal((await site.ended(id)).state, "succeeded");
});

Deno.test("Prefer: wait and Idempotency-Key do for comparisons what they do for fits", async () => {
  await using site = await openSite();
  const done = await site.ask("/v1/compare", { json: BODY, headers: { Prefer: "wait=20" } });
  assert.deepEqual([done.status, done.body.state], [200, "succeeded"]);
  assert.equal(done.headers.get("Preference-Applied"), "wait=20");
  assert.ok(done.body.result !== null);

  const headers = { "Idempotency-Key": "k-1" };
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => site.ask("/v1/compare", { json: BODY, headers })),
  );
  assert.deepEqual(answers.filter(({ status }) => status !== 202 && status !== 409), []);
  const again = await site.ask("/v1/compare", { json: BODY, headers });
  assert.deepEqual([again.status, again.headers.get("Idempotency-Replayed")], [202, "true"]);
  const made = answers.filter(({ status }) => status === 202).map(({ body }) => body.id);
  assert.deepEqual([...new Set([...made, again.body.id])].length, 1);
  assert.equal((await site.ask("/v1/compare")).body.items.length, 2);

  const other = await site.ask("/v1/compare", { json: { ...BODY, seed: 9 }, headers });
  assert.deepEqual([other.status, other.body.type], [422, "urn:hillmix:problem:key-reused"]);
  // The same body can mean a fit or a comparison, and the key was for one of them.
  const both = { data: { example: true }, components: 1 }, shared = { "Idempotency-Key": "k-2" };
  assert.equal((await site.ask("/v1/fits", { json: both, headers: shared })).status, 202);
  const mixed = await site.ask("/v1/compare", { json: both, headers: shared });
  assert.deepEqual([mixed.status, mixed.body.type], [422, "urn:hillmix:problem:key-reused"]);
});

Deno.test("a body that is wrong is told every wrong field, by its path", async () => {
  await using site = await openSite();
  const problemsOf = async (json: unknown) => {
    const { status, headers, body } = await site.ask("/v1/compare", { json });
    assert.deepEqual([status, headers.get("Content-Type")], [422, "application/problem+json"]);
    return body.errors as { path: string; message: string }[];
  };
  const paths = async (json: unknown) => (await problemsOf(json)).map(({ path }) => path).sort();
  const [unknown] = await problemsOf({ ...BODY, methods: ["chees", "temperd"] });
  assert.equal(unknown.path, "methods.1");
  assert.match(unknown.message, /is not one of .*nuts:none.*Did you mean "tempered"/);
  assert.deepEqual(await paths({ ...BODY, effort: 0, components: 9, chains: 8 }), [
    "chains",
    "components",
    "effort",
  ]);
  assert.deepEqual(await paths({ ...BODY, target: "sals" }), ["target"]);
  assert.deepEqual(await paths({ ...BODY, methods: ["two-stage:cut", "advi"] }), ["methods"]);
  assert.deepEqual(await paths({ ...BODY, data: {} }), ["data"]);
  assert.equal((await site.ask("/v1/compare")).body.items.length, 0);
});

Deno.test("events tell which method is at work and how all of them stand", async () => {
  await using site = await openSite();
  const id = await site.compare({ seed: Seed.waits, methods: ["tempered", "chees", "nuts:none"] });
  const url = `${site.url}/v1/compare/${id}/events`;
  const seen = await readEvents(url, { enough: (seen) => seen.at(-1)!.event === "progress" });
  const { method, methods_done, methods, rhat } = seen.at(-1)!.data;
  assert.deepEqual([method, methods_done, rhat], ["chees", 1, 1.01]);
  assert.deepEqual(methods, [
    { method: "tempered", status: "pass", total_s: 2.5 },
    { method: "chees", status: "running", total_s: null },
    { method: "nuts:none", status: "waiting", total_s: null },
  ]);
  const { body } = await site.ask(`/v1/compare/${id}`);
  assert.deepEqual(compareDetailSchema.strict().parse(body).progress, seen.at(-1)!.data);
  assert.equal((await site.ask(`/v1/compare/${id}`, { method: "DELETE" })).status, 409);
  assert.equal((await site.ask(`/v1/compare/${id}/runs/tempered/draws`)).status, 409);

  const rest = readEvents(url, { last: seen.at(-1)!.id });
  await site.ask(`/v1/compare/${id}/cancel`, { method: "POST" });
  assert.deepEqual((await rest).map(({ data }) => [data.state, data.partial]), [["canceled", true]]);
  const canceled = await site.ended(id);
  assert.deepEqual([canceled.error, canceled.result.partial], ["It was canceled.", true]);
  assert.deepEqual(canceled.runs.map(({ method }: { method: string }) => method), ["tempered", "chees"]);
  const run = canceled.result.methods.find(({ run }: { run: unknown }) => run === null);
  assert.deepEqual([run.method, run.status], ["nuts:none", "error"]);

  const empty = await site.compare({ seed: Seed.waitsWithoutDraws });
  await site.service.changed(empty, 200);
  await site.ask(`/v1/compare/${empty}/cancel`, { method: "POST" });
  const none = await site.ended(empty);
  assert.deepEqual([none.state, none.result, none.runs], ["canceled", null, []]);
  assert.match(none.error, /^It was canceled\. No method had given enough draws/);
});

Deno.test("a comparison refers to its data set as a fit does", async () => {
  await using site = await openSite();
  const { body: { id: dataset } } = await site.ask("/v1/datasets", { json: { rows: smallRows() } });
  const id = await site.compare({ data: { dataset } });
  assert.deepEqual((await site.ended(id)).data, { name: "data", dataset });
  assert.equal((await site.ask(`/v1/compare?dataset=${dataset}`)).body.items.length, 1);
  const kept = await site.ask(`/v1/datasets/${dataset}`, { method: "DELETE" });
  assert.equal(kept.status, 409);
  await site.ask(`/v1/compare/${id}`, { method: "DELETE" });
  assert.equal((await site.ask(`/v1/datasets/${dataset}`, { method: "DELETE" })).status, 204);
  const missing = await site.ask("/v1/compare", { json: { ...BODY, data: { dataset } } });
  assert.equal(missing.status, 404);
});

Deno.test("limits of a client count comparisons too", async () => {
  await using site = await openSite({ limits: { queued: 2, run_seconds: 3, run_seconds_per_day: 3.4 } });
  const first = await site.compare({ seed: Seed.waits });
  await site.service.changed(first, 500);
  const waiting = [await site.send({ deadline_s: 1 }), await site.compare({ deadline_s: 1 })];
  assert.equal((await site.ask("/v1/compare", { json: BODY })).status, 429);
  const ended = await site.ended(first);
  assert.deepEqual([ended.state, ended.partial], ["canceled", true]);
  assert.match(ended.error, /ran for the 3 s that it may/);
  for (const id of waiting) assert.match((await site.ended(id)).error, /deadline passed/);
  assert.equal((await site.ended(await site.compare({ seed: Seed.waits }))).state, "canceled");
  assert.match((await site.ended(await site.compare())).error, /within 24 hours/);
});
