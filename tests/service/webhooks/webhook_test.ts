/** What a webhook says, how it is signed, which addresses it takes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { endOfTry } from "../../../lib/service/webhooks/deliveries.ts";
import type { Job } from "../../../lib/service/job.ts";
import {
  letterOf,
  messageSchema,
  secretOf,
  sign,
  urlProblem,
} from "../../../lib/service/webhooks/webhook.ts";
import { openWebhookKey } from "../../../lib/service/webhooks/key.ts";

Deno.test("the signature is that of the reference implementations of Standard Webhooks", () => {
  // standard-webhooks/standard-webhooks, libraries/: the example that their tests share.
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const signature = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}');
  assert.equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

Deno.test("every client has a secret of its own, and of the form that the specification asks for", () => {
  const key = new Uint8Array(32).fill(7), secrets = ["a", "b"].map((owner) => secretOf(key, owner));
  assert.notEqual(secrets[0], secrets[1]);
  assert.equal(secretOf(key, "a"), secrets[0]);
  assert.notEqual(secretOf(key.with(0, 8), "a"), secrets[0]);
  for (const secret of secrets) {
    assert.match(secret, /^whsec_/);
    assert.equal(Uint8Array.fromBase64(secret.slice(6)).length, 32); // 24 to 64 are allowed
  }
});

Deno.test("a letter says what became of the job and no more", () => {
  const job = {
    id: "fit_abc",
    kind: "fit",
    state: "succeeded",
    owner: "a",
    ended: 1_700_000_000_123,
    verdict: "pass",
    partial: false,
    label: "secret plans",
    request: { webhook: { url: "https://example.com/hook?a=b" }, spend: ["tv"] },
  } as unknown as Job;
  const key = new Uint8Array(32), letter = letterOf(job, key, 1_700_000_050_999);
  assert.equal(letter.url, "https://example.com/hook?a=b");
  const message = JSON.parse(letter.body);
  assert.deepEqual(message, {
    type: "fit.ended",
    timestamp: "2023-11-14T22:13:20.123Z",
    data: {
      id: "fit_abc",
      kind: "fit",
      state: "succeeded",
      verdict: "pass",
      partial: false,
      links: { self: "/v1/fits/fit_abc" },
    },
  });
  messageSchema.parse(message);
  assert.equal(letter.headers["webhook-id"], "fit_abc");
  assert.equal(letter.headers["webhook-timestamp"], "1700000050");
  const signed = sign(secretOf(key, "a"), "fit_abc", 1700000050, letter.body);
  assert.equal(letter.headers["webhook-signature"], signed);
});

Deno.test("addresses: which are refused at once, and in which words", () => {
  const refused = (url: string, reach: "public" | "private" = "public") => urlProblem(url, reach) ?? "taken";
  for (const url of ["https://example.com/hook", "https://example.com:8443/?a=b#c", "https://8.8.8.8/"]) {
    assert.equal(refused(url), "taken", url);
    assert.equal(refused(url, "private"), "taken", url);
  }
  for (
    const url of ["", "example.com", "ftp://example.com/", "file:///etc/passwd", "https://", "javascript:1"]
  ) {
    assert.match(refused(url), /^is no web address; give one such as/, url);
  }
  assert.match(refused("https://user@example.com/"), /user name or a password/);
  assert.match(refused("https://:secret@example.com/"), /user name or a password/);
  assert.match(refused("http://example.com/"), /not encrypted; give one with https/);
  assert.equal(refused("http://example.com/", "private"), "taken");
  for (
    const host of [
      "127.0.0.1",
      "127.1", // each of these four is another way to write the first
      "2130706433",
      "0x7f000001",
      "0177.0.0.1",
      "10.0.0.1",
      "[::1]",
      "[fd00::1]",
    ]
  ) {
    assert.match(refused(`https://${host}/`), /private network/, host);
    assert.equal(refused(`https://${host}/`, "private"), "taken", host);
  }
  for (const host of ["169.254.169.254", "[fe80::1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "0.0.0.0"]) {
    for (const reach of ["public", "private"] as const) {
      assert.match(refused(`https://${host}/`, reach), /reserved address/, host);
    }
  }
});

Deno.test("what an answer means", () => {
  const pauses = [5000, 30_000], now = 1000;
  for (const status of [200, 204, 299]) {
    assert.deepEqual(endOfTry({ status }, 5000, now), { state: "delivered" });
  }
  for (const status of [101, 199, 300, 400, 404, 429, 500, 503]) {
    const end = endOfTry({ status }, pauses[1], now);
    assert.deepEqual(end, { state: "pending", error: `The receiver answered ${status}.`, due: 31_000 });
  }
  const redirected = endOfTry({ status: 302 }, pauses[0], now);
  assert.ok(redirected.state === "pending" && /redirects are not followed/.test(redirected.error));
  assert.equal(endOfTry({ status: 410 }, pauses[0], now).state, "failed");
  assert.equal(endOfTry({ status: 500 }, undefined, now).state, "failed");
  const silent = endOfTry({ error: "It is silent." }, pauses[0], now);
  assert.deepEqual(silent, { state: "pending", error: "It is silent.", due: 6000 });
});

Deno.test("the key is made once, for its owner alone, and a damaged one is told of", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const place = join(directory, "service"), path = join(place, "webhook.key"), key = openWebhookKey(place);
    assert.deepEqual(openWebhookKey(place), key);
    assert.ok(new Set(key).size > 8);
    if (Deno.build.os !== "windows") assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    await Deno.writeFile(path, new Uint8Array(3));
    assert.throws(() => openWebhookKey(place), /holds 3 bytes instead of the 32 of a key; delete it/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
