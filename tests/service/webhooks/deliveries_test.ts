/** Webhooks from the job's end to the receiver, and all that can come between. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { Deliveries } from "../../../lib/service/webhooks/deliveries.ts";
import { DeliveryStore } from "../../../lib/service/webhooks/delivery_store.ts";
import { messageSchema, secretOf } from "../../../lib/service/webhooks/webhook.ts";
import { openWebhookKey } from "../../../lib/service/webhooks/key.ts";
import { Tokens } from "../../../lib/service/tokens.ts";
import { openSite, type Site, type SiteOptions } from "../../routes/support.ts";
import { heldBack, openReceiver, type Received } from "./receiver.ts";
import { Seed } from "../seeds.ts";
import { freezeDisk, openStores } from "../stores.ts";

const openSending = (webhooks: Partial<SiteOptions["webhooks"]> = {}, more: SiteOptions = {}) =>
  openSite({ ...more, webhooks: { reach: "private", pausesMs: [50, 100], tryMs: 10_000, ...webhooks } });

/** A job's `webhook` once it is in a state, or after that many tries. */
async function delivery(
  site: Site,
  path: string,
  enough: (now: { state: string; tries: number; last_error: string | null }) => boolean,
) {
  const until = Date.now() + 20_000;
  while (true) {
    const { webhook } = (await site.ask(path)).body;
    if (enough(webhook)) return webhook;
    assert.ok(Date.now() < until, JSON.stringify(webhook));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const inState = (wanted: string) => ({ state }: { state: string }) => state === wanted;
const pathOf = (id: string) => `/v1/${id.startsWith("fit") ? "fits" : "compare"}/${id}`;

/** Checks a signature as the specification tells receivers to; written apart from what makes it. */
function verify({ headers, body }: Received, secret: string): void {
  const [version, given] = headers.get("webhook-signature")!.split(",");
  const signed = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${body}`;
  const key = Uint8Array.from(atob(secret.replace("whsec_", "")), (letter) => letter.charCodeAt(0));
  assert.equal(version, "v1");
  assert.equal(given, createHmac("sha256", key).update(signed).digest("base64"));
  assert.ok(Math.abs(Number(headers.get("webhook-timestamp")) - Date.now() / 1000) < 60);
}

Deno.test("every end of a fit or a comparison is told once, signed, and seen in the job", async () => {
  await using receiver = openReceiver();
  await using site = await openSending();
  const webhook = { url: receiver.url };
  const good = await site.send({ webhook }), bad = await site.send({ webhook, seed: Seed.fails });
  const compared = await site.compare({ webhook });
  const blocking = await site.send({ seed: Seed.waits }), waiting = await site.send({ webhook });
  const none = await site.send();
  assert.deepEqual((await site.ask(pathOf(waiting))).body.webhook, {
    state: "waiting",
    tries: 0,
    last_error: null,
  });
  for (const id of [good, bad, compared]) await site.ended(id);
  await site.ask(`${pathOf(waiting)}/cancel`, { method: "POST" });
  await site.ask(`${pathOf(blocking)}/cancel`, { method: "POST" });
  await site.ended(none);
  const states = { [good]: "succeeded", [bad]: "failed", [compared]: "succeeded", [waiting]: "canceled" };
  for (const id of Object.keys(states)) {
    const delivered = await delivery(site, pathOf(id), inState("delivered"));
    assert.deepEqual(delivered, { state: "delivered", tries: 1, last_error: null });
  }
  for (const id of [blocking, none]) assert.equal((await site.ask(pathOf(id))).body.webhook, null);
  assert.equal(receiver.received.length, 4);
  const secret = secretOf(openWebhookKey(site.service.files.directory), "local");
  for (const got of receiver.received) {
    const message = messageSchema.parse(JSON.parse(got.body)), { data } = message, { id } = data;
    const { body: job } = await site.ask(data.links.self);
    assert.deepEqual(
      [data.kind, data.state, data.verdict, data.partial, message.timestamp],
      [job.kind, states[id], job.verdict, job.partial, job.ended_at],
    );
    assert.equal(message.type, `${job.kind}.ended`);
    assert.equal(got.headers.get("webhook-id"), id);
    assert.equal(got.headers.get("content-type"), "application/json");
    assert.ok(got.body.length < 500);
    verify(got, secret);
  }
  const { text } = await site.ask("/metrics");
  assert.match(text, /^hillmix_webhooks\{state="delivered"\} 4$/m);
  assert.match(text, /^hillmix_webhooks\{state="pending"\} 0$/m);
});

Deno.test("clients have secrets of their own", async () => {
  await using receiver = openReceiver();
  const hashOf = async (token: string) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
  const tokens = new Tokens(
    await Promise.all(["ann", "bob"].map(async (name) => ({ name, hash: await hashOf(name) }))),
  );
  await using site = await openSending({}, { tokens });
  const key = openWebhookKey(site.service.files.directory);
  for (const [i, name] of ["ann", "bob"].entries()) {
    await site.send({ webhook: { url: receiver.url } }, { Authorization: `Bearer ${name}` });
    await receiver.until(i + 1);
    verify(receiver.received[i], secretOf(key, name));
  }
});

Deno.test("500, then a redirect, then 204: three tries under one id, each signed anew", async () => {
  await using target = openReceiver();
  const answers = [
    new Response(null, { status: 500 }),
    new Response(null, { status: 307, headers: { Location: target.url } }),
    new Response(null, { status: 204 }),
  ];
  await using receiver = openReceiver((n) => answers[n]);
  await using site = await openSending();
  const path = pathOf(await site.send({ webhook: { url: receiver.url } }));
  const delivered = await delivery(site, path, inState("delivered"));
  assert.deepEqual(delivered, { state: "delivered", tries: 3, last_error: null });
  assert.equal(target.received.length, 0);
  assert.equal(new Set(receiver.received.map(({ headers }) => headers.get("webhook-id"))).size, 1);
  assert.equal(new Set(receiver.received.map(({ body }) => body)).size, 1);
  const secret = secretOf(openWebhookKey(site.service.files.directory), "local");
  for (const each of receiver.received) verify(each, secret);
});

Deno.test("given up after the last pause, and at once by 410", async () => {
  await using broken = openReceiver(() => 503);
  await using gone = openReceiver(() => 410);
  await using site = await openSending();
  const paths = [];
  for (const { url } of [broken, gone]) paths.push(pathOf(await site.send({ webhook: { url } })));
  const [given, unwanted] = await Promise.all(paths.map((path) => delivery(site, path, inState("failed"))));
  assert.deepEqual(given, { state: "failed", tries: 3, last_error: "The receiver answered 503." });
  assert.deepEqual(unwanted, {
    state: "failed",
    tries: 1,
    last_error: "The receiver answered 410: it wants no more.",
  });
  assert.deepEqual([broken.received.length, gone.received.length], [3, 1]);
});

Deno.test("a receiver that hangs holds up nobody else, and is never asked twice at once", async () => {
  const held = heldBack();
  await using slow = openReceiver((n) => n === 0 ? held.answer : 204);
  await using quick = openReceiver();
  await using site = await openSending();
  const toSlow = await site.send({ webhook: { url: slow.url } });
  const nextToSlow = await site.send({ webhook: { url: slow.url } });
  const toQuick = await site.send({ webhook: { url: quick.url } });
  await delivery(site, pathOf(toQuick), inState("delivered"));
  await slow.until(1);
  assert.deepEqual((await site.ask(pathOf(nextToSlow))).body.webhook.state, "pending");
  assert.equal(slow.received.length, 1);
  held.let();
  for (const id of [toSlow, nextToSlow]) await delivery(site, pathOf(id), inState("delivered"));
  assert.equal(slow.received.length, 2);
});

Deno.test("a service that leaves or dies in mid-delivery leaves it to the next one", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const held = heldBack();
    await using receiver = openReceiver((n) => n === 0 ? held.answer : 204);
    let path = "";
    {
      await using site = await openSending({ tryMs: 60_000 }, { directory });
      path = pathOf(await site.send({ webhook: { url: receiver.url } }));
      await receiver.until(1);
    }
    held.let();
    {
      // One that sends none keeps it for later.
      await using site = await openSite({ directory });
      const { webhook } = (await site.ask(path)).body;
      assert.deepEqual(webhook, { state: "pending", tries: 0, last_error: null });
    }
    await using site = await openSending({}, { directory });
    await delivery(site, path, inState("delivered"));
    const ids = receiver.received.map(({ headers }) => headers.get("webhook-id"));
    assert.deepEqual(ids, [ids[0], ids[0]]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("the delivery is there if and only if the job's end is", async () => {
  await using stores = await openStores();
  const id = stores.add({ request: { webhook: { url: "https://example.com:8443/x" } } });
  const job = stores.jobs.startNext(2000)!,
    row = () => stores.database.sql.prepare("SELECT * FROM deliveries").all().map((row) => ({ ...row }));
  assert.deepEqual(row(), []);
  // The journal of this end is the last thing written in its transaction; without it there is no end at all.
  stores.database.sql.exec("ALTER TABLE events RENAME TO away");
  assert.throws(() => stores.jobs.finish(job, { state: "failed" }, 3000));
  stores.database.sql.exec("ALTER TABLE away RENAME TO events");
  assert.deepEqual([stores.jobs.get(id)!.state, row()], ["running", []]);
  stores.jobs.finish(job, { state: "failed" }, 3000);
  const state = "pending", receiver = "example.com:8443";
  assert.deepEqual(row(), [{ job: id, receiver, state, due: 3000, tries: 0, last_error: null }]);
  assert.ok(!stores.jobs.finish(job, { state: "failed" }, 4000), "it ends once");
  stores.jobs.remove(id);
  assert.deepEqual(row(), []);
});

Deno.test("while the disk takes nothing, what came of a try is kept, and the receiver is left in peace", async () => {
  const held = heldBack();
  await using receiver = openReceiver((n) => n === 0 ? held.answer : 204);
  await using stores = await openStores();
  const { database, jobs, add } = stores, id = add({ request: { webhook: { url: receiver.url } } });
  jobs.finish(jobs.startNext(2000)!, { state: "failed" }, 3000);
  const store = new DeliveryStore(database), settings = { reach: "private", tryMs: 10_000 } as const;
  const deliveries = new Deliveries(settings, new Uint8Array(32), store, jobs);
  deliveries.begin();
  try {
    await receiver.until(1);
    {
      using _frozen = freezeDisk(database);
      held.let();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      deliveries.wake();
      assert.equal(store.get(id)!.state, "pending");
    }
    while (store.get(id)!.state === "pending") await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(store.get(id), { state: "delivered", tries: 1, last_error: null });
    assert.equal(receiver.received.length, 1);
  } finally {
    await deliveries.close();
  }
});

Deno.test("requests with a webhook that cannot be: what is wrong, and where", async () => {
  const data = { example: true };
  const problem = async (site: Site, webhook: unknown, path = "/v1/fits") => {
    const { status, body } = await site.ask(path, { json: { data, webhook } });
    assert.equal(status, 422);
    assert.equal(body.errors.length, 1);
    return `${body.errors[0].path}: ${body.errors[0].message}`;
  };
  {
    await using off = await openSite();
    for (const path of ["/v1/fits", "/v1/compare"]) {
      const said = await problem(off, { url: "https://example.com/" }, path);
      assert.match(
        said,
        /^webhook\.url: cannot be called, because this service sends no webhooks; leave webhook out/,
      );
    }
    assert.doesNotMatch((await off.ask("/metrics")).text, /undefined/);
    const there = await Array.fromAsync(Deno.readDir(off.service.files.directory), ({ name }) => name);
    assert.ok(!there.includes("webhook.key"), "no key is made for nothing");
  }
  await using site = await openSending({ reach: "public" });
  assert.match(await problem(site, { url: "http://example.com/" }), /^webhook\.url: is not encrypted/);
  assert.match(await problem(site, { url: "https://10.0.0.1/" }), /^webhook\.url: leads to this machine/);
  assert.match(await problem(site, { url: "https://a:b@example.com/" }), /^webhook\.url: holds a user name/);
  assert.match(await problem(site, { url: "nonsense" }), /^webhook\.url: is no web address/);
  assert.match(
    await problem(site, { url: `https://example.com/${"a".repeat(2000)}` }),
    /^webhook\.url: must be at/,
  );
  assert.match(await problem(site, { url: 5 }), /^webhook\.url: must be a text/);
  assert.match(await problem(site, {}), /^webhook\.url: is missing/);
  assert.match(await problem(site, "https://example.com/"), /^webhook: must be an object/);
  assert.match(
    await problem(site, { url: "https://example.com/", secret: "x" }),
    /^webhook\.secret: there is no such/,
  );
  const { body } = await site.ask("/v1/fits");
  assert.deepEqual(body.items, []);
});

Deno.test("a name that leads into the machine is found out when it is tried, and said so in the job", async () => {
  await using receiver = openReceiver();
  await using site = await openSending({ reach: "public", pausesMs: [] });
  const url = `https://localhost:${receiver.port}/`, path = pathOf(await site.send({ webhook: { url } }));
  const { last_error } = await delivery(site, path, inState("failed"));
  assert.match(last_error, /^The address leads to this machine, to a private network/);
  assert.equal(receiver.received.length, 0);
});

Deno.test("the same key with another webhook is another request", async () => {
  await using site = await openSending();
  const send = (port: number) =>
    site.ask("/v1/fits", {
      json: { data: { example: true }, seed: Seed.waits, webhook: { url: `http://127.0.0.1:${port}/` } },
      headers: { "Idempotency-Key": "k" },
    });
  const first = await send(1), again = await send(1), other = await send(2);
  assert.deepEqual([first.status, again.status, other.status], [202, 202, 422]);
  assert.equal(again.body.id, first.body.id);
  assert.equal(other.body.type, "urn:hillmix:problem:key-reused");
});

Deno.test("a deleted job is told of no more", async () => {
  await using receiver = openReceiver(() => 500);
  await using site = await openSending({ pausesMs: [200, 200, 200] });
  const path = pathOf(await site.send({ webhook: { url: receiver.url } }));
  await delivery(site, path, ({ tries }) => tries === 1);
  assert.equal((await site.ask(path, { method: "DELETE" })).status, 204);
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(receiver.received.length, 1);
});
