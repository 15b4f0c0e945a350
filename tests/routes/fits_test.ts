/** The life of fits over HTTP, on a fake engine: what is answered, what is kept, what is refused. */
import assert from "node:assert/strict";
import { fitDetailSchema, fitSchema } from "../../routes/views.ts";
import { Seed } from "../service/seeds.ts";
import { openSite, readEvents, SMALL_FIT, smallRows } from "./support.ts";

Deno.test("a fit is taken at once, runs, and shows its result", async () => {
  await using site = await openSite();
  const json = { data: { rows: smallRows(), name: "shop" }, ...SMALL_FIT, label: "first", priority: "high" };
  const taken = await site.ask("/v1/fits", { json });
  assert.equal(taken.status, 202);
  const { id } = fitSchema.strict().parse(taken.body);
  assert.equal(taken.headers.get("Location"), `/v1/fits/${id}`);
  assert.deepEqual([taken.body.label, taken.body.priority, taken.body.data.name], ["first", "high", "shop"]);

  const done = fitDetailSchema.strict().parse(await site.ended(id));
  assert.deepEqual([done.state, done.attempt, done.resumed, done.partial], ["succeeded", 1, false, false]);
  assert.equal(done.result!.method, "chees");
  assert.deepEqual(done.request, { ...SMALL_FIT, label: "first", priority: "high" });
  assert.equal(done.links.draws, `/v1/fits/${id}/draws`);

  const summary = await site.ask(done.links.summary!);
  assert.deepEqual(summary.body.summary, done.result!.summary);
  const csv = await site.ask(done.links.summary!, { headers: { Accept: "text/csv" } });
  assert.match(csv.text, /^name,mean,sd,/);
  const list = await site.ask("/v1/fits");
  assert.deepEqual(list.body.items.map((fit: { id: string }) => fit.id), [id]);

  assert.equal((await site.ask(`/v1/fits/${id}`, { method: "DELETE" })).status, 204);
  assert.equal((await site.ask(`/v1/fits/${id}`)).status, 404);
  for (const folder of ["runs", "datasets", "work"]) {
    const left = await Array.fromAsync(Deno.readDir(`${site.service.files.directory}/${folder}`));
    assert.deepEqual(left, [], folder);
  }
});

Deno.test("Prefer: wait holds the answer back until the fit has ended, or not for longer", async () => {
  await using site = await openSite();
  const json = { data: { rows: smallRows() }, ...SMALL_FIT };
  const done = await site.ask("/v1/fits", { json, headers: { Prefer: "wait=20" } });
  assert.deepEqual([done.status, done.body.state], [200, "succeeded"]);
  assert.equal(done.headers.get("Preference-Applied"), "wait=20");
  assert.ok(done.body.result !== null);
  const waiting = await site.ask("/v1/fits", {
    json: { ...json, seed: Seed.waits },
    headers: { Prefer: "wait=0" },
  });
  assert.equal(waiting.status, 202);
});

Deno.test("the same Idempotency-Key makes one fit", async () => {
  await using site = await openSite();
  const body = { data: { rows: smallRows() }, ...SMALL_FIT }, headers = { "Idempotency-Key": "k-1" };
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => site.ask("/v1/fits", { json: body, headers })),
  );
  const taken = answers.filter(({ status }) => status === 202),
    busy = answers.filter(({ status }) => status === 409);
  assert.equal(taken.length + busy.length, 6);
  const again = await site.ask("/v1/fits", { json: body, headers });
  assert.equal(again.headers.get("Idempotency-Replayed"), "true");
  assert.deepEqual(new Set([...taken, again].map(({ body }) => body.id)).size, 1);
  assert.equal((await site.ask("/v1/fits")).body.items.length, 1);

  const other = await site.ask("/v1/fits", { json: { ...body, seed: 9 }, headers });
  assert.deepEqual([other.status, other.body.type], [422, "urn:hillmix:problem:key-reused"]);
  // A request that made nothing may be mended and sent again with its key.
  const fresh = { "Idempotency-Key": "k-2" };
  assert.equal((await site.ask("/v1/fits", { json: { ...body, chains: 1 }, headers: fresh })).status, 422);
  assert.equal((await site.ask("/v1/fits", { json: body, headers: fresh })).status, 202);
  assert.equal(
    (await site.ask("/v1/fits", { json: body, headers: { "Idempotency-Key": "a b" } })).status,
    400,
  );
});

Deno.test("cancel keeps finished draws, ends waiting fits at once, and leaves ended ones alone", async () => {
  await using site = await openSite();
  const running = await site.send({ seed: Seed.waits }), waiting = await site.send();
  await site.service.changed(running, 200);
  assert.equal((await site.ask(`/v1/fits/${waiting}/cancel`, { method: "POST" })).body.state, "canceled");
  assert.equal((await site.ask(`/v1/fits/${running}`, { method: "DELETE" })).status, 409);
  assert.equal((await site.ask(`/v1/fits/${running}/draws`)).status, 409);
  assert.equal((await site.ask(`/v1/fits/${running}/cancel`, { method: "POST" })).status, 202);
  const kept = await site.ended(running);
  assert.deepEqual([kept.state, kept.partial, kept.error], ["canceled", true, "It was canceled."]);
  assert.equal(kept.result.partial, true);

  const empty = await site.send({ seed: Seed.waitsWithoutDraws });
  await readEvents(`${site.url}/v1/fits/${empty}/events`, {
    enough: (seen) => seen.at(-1)!.event === "progress",
  });
  await site.ask(`/v1/fits/${empty}/cancel`, { method: "POST" });
  const { state, result, links, error } = await site.ended(empty);
  assert.deepEqual([state, result, links.draws], ["canceled", null, null]);
  assert.match(error, /^It was canceled\. There were not yet enough draws/);
  assert.equal((await site.ask(`/v1/fits/${empty}/summary`)).status, 404);

  const whole = await site.send({ seed: Seed.finishesThoughStopped });
  await site.service.changed(whole, 200);
  await site.ask(`/v1/fits/${whole}/cancel`, { method: "POST" });
  assert.equal((await site.ended(whole)).state, "succeeded");
  assert.equal((await site.ask(`/v1/fits/${whole}/cancel`, { method: "POST" })).body.state, "succeeded");
});

Deno.test("a deadline ends a fit that runs and one that waits", async () => {
  await using site = await openSite();
  const running = await site.send({ seed: Seed.waits, deadline_s: 2 });
  const waiting = await site.send({ deadline_s: 1 });
  const [first, second] = await Promise.all([site.ended(running), site.ended(waiting)]);
  assert.deepEqual([first.state, first.partial], ["canceled", true]);
  assert.match(first.error, /deadline passed/);
  assert.deepEqual([second.state, second.partial], ["canceled", null]);
});

Deno.test("events are told as they come, and taken up where they were left", async () => {
  await using site = await openSite();
  const id = await site.send({ seed: Seed.waits }), url = `${site.url}/v1/fits/${id}/events`;
  const first = await readEvents(url, { enough: (seen) => seen.at(-1)!.event === "progress" });
  assert.deepEqual(first.map(({ event, data }) => data.state ?? event), ["queued", "running", "progress"]);
  assert.equal(first.at(-1)!.data.rhat, 1.01);
  const rest = readEvents(url, { last: first.at(-1)!.id });
  await site.ask(`/v1/fits/${id}/cancel`, { method: "POST" });
  assert.deepEqual((await rest).map(({ data }) => [data.state, data.partial]), [["canceled", true]]);
  const ids = [...first, ...await rest].map(({ id }) => Number(id));
  assert.deepEqual(ids, ids.toSorted((a, b) => a - b));
  const nothing = await fetch(url, { headers: { "Last-Event-ID": String(ids.at(-1)) } });
  assert.deepEqual([nothing.status, await nothing.text()], [204, ""]);
});

Deno.test("lists come in pages, the newest first, and can be narrowed", async () => {
  await using site = await openSite();
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push(await site.send({ method: i % 2 === 0 ? "chees" : "nuts" }));
  for (const id of ids) await site.ended(id);
  const seen: string[] = [];
  let cursor = "";
  for (let pages = 1;; pages++) {
    const { body } = await site.ask(`/v1/fits?limit=2${cursor}`);
    seen.push(...body.items.map((fit: { id: string }) => fit.id));
    assert.ok(body.items.length <= 2);
    if (body.next_cursor === null) {
      assert.equal(pages, 3);
      break;
    }
    cursor = `&cursor=${body.next_cursor}`;
  }
  assert.deepEqual(seen, ids.toReversed());
  const count = async (query: string) => (await site.ask(`/v1/fits?${query}`)).body.items.length;
  assert.deepEqual(
    [await count("method=nuts"), await count("state=succeeded"), await count("state=failed,queued")],
    [2, 5, 0],
  );
  for (const query of ["limit=0", "limit=x", "cursor=zzz", "state=done", "colour=red", "limit=1&limit=2"]) {
    assert.equal((await site.ask(`/v1/fits?${query}`)).status, 422, query);
  }
});

Deno.test("draws come as CSV, JSON and lines, some or all of them", async () => {
  await using site = await openSite();
  const id = await site.send(), { result } = await site.ended(id), path = `/v1/fits/${id}/draws`;
  const { chains, draws } = result.sampling;
  const csv = await site.ask(path);
  assert.match(csv.headers.get("Content-Type")!, /^text\/csv/);
  assert.equal(csv.text, await Deno.readTextFile(`${site.service.files.run(id)}/draws.csv`));
  const json = await site.ask(path, { headers: { Accept: "application/json" } });
  const lines = csv.text.trim().split("\n").map((line) => line.split(","));
  assert.deepEqual(json.body.columns, lines[0]);
  assert.deepEqual(json.body.rows, lines.slice(1).map((line) => line.map(Number)));
  assert.equal(json.body.rows.length, chains * draws);
  const some = await site.ask(`${path}?columns=sigma,alpha&thin=${draws}`, {
    headers: { Accept: "application/x-ndjson" },
  });
  const objects = some.text.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(objects.length, chains);
  assert.deepEqual(Object.keys(objects[0]), ["chain", "draw", "sigma", "alpha"]);
  assert.equal((await site.ask(`${path}?columns=nothing`)).status, 422);
  assert.equal((await site.ask(path, { headers: { Accept: "image/png" } })).status, 406);
  assert.equal((await site.ask(path, { method: "HEAD" })).text, "");
});

Deno.test("clients with tokens see their own fits only, and take turns", async () => {
  const { newToken, parseTokens } = await import("../../lib/service/tokens.ts");
  const anna = newToken("anna"), ben = newToken("ben");
  await using site = await openSite({ tokens: parseTokens(anna.line + ben.line, "tokens") });
  const as = ({ token }: { token: string }) => ({ Authorization: `Bearer ${token}` });
  const blocker = await site.send({ seed: Seed.waits }, as(anna));
  const fits: string[] = [];
  for (let i = 0; i < 3; i++) fits.push(await site.send({}, as(anna)));
  const late = await site.send({}, as(ben)), first = await site.send({ priority: "high" }, as(anna));
  assert.equal((await site.ask(`/v1/fits/${late}`, { headers: as(anna) })).status, 404);
  assert.equal(
    (await site.ask(`/v1/fits/${blocker}/cancel`, { method: "POST", headers: as(ben) })).status,
    404,
  );
  assert.equal((await site.ask("/v1/fits")).status, 401);
  await site.ask(`/v1/fits/${blocker}/cancel`, { method: "POST", headers: as(anna) });
  for (const id of fits) await site.ask(`/v1/fits/${id}`, { headers: { ...as(anna), Prefer: "wait=20" } });
  await site.ask(`/v1/fits/${late}`, { headers: { ...as(ben), Prefer: "wait=20" } });
  const order = [...fits, late, first].sort((a, b) =>
    site.service.find(a)!.started! - site.service.find(b)!.started! ||
    site.service.events(a, 0, 9)[1].seq - site.service.events(b, 0, 9)[1].seq
  );
  assert.deepEqual(order, [first, late, ...fits]);
});
