/** One POST: what receivers can do to it, and where names can lead it. Nothing here leaves this machine. */
import assert from "node:assert/strict";
import { mayReach } from "../../../lib/service/webhooks/addresses.ts";
import { type Answer, post, type Resolver, type World } from "../../../lib/service/webhooks/courier.ts";
import { Courier } from "../../../lib/service/webhooks/courier_process.ts";
import { certificatesFor } from "./certificates.ts";
import { openReceiver } from "./receiver.ts";

const LETTER = { headers: { "webhook-id": "fit_x" }, body: '{"type":"fit.ended"}' };

const send = (
  url: string,
  allowed: (address: string) => boolean,
  world: World = {},
  limitMs = 10_000,
): Promise<Answer> => post({ ...LETTER, url }, allowed, limitMs, world);
const anywhere = () => true;
const onInternet = (address: string) => mayReach(address, "public");

/** Answers each look-up with the next list of addresses, and counts them. */
function resolver(...answers: (readonly string[])[]): Resolver & { asked: string[] } {
  const asked: string[] = [];
  const resolve: Resolver = (name, _, callback) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)];
    asked.push(name);
    const found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    setTimeout(() => callback(null, found), 0);
  };
  return Object.assign(resolve, { asked });
}

const forbidden = (answer: Answer) =>
  "error" in answer && /^The address leads to this machine/.test(answer.error);

/** A server that speaks as it likes; what it says is sent as soon as there is a connection. */
function openRaw(speak: (connection: Deno.Conn) => Promise<void>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 }), connections: Deno.Conn[] = [];
  const listening = (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      await speak(connection).catch(() => {});
    }
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}/`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await listening.catch(() => {});
      for (const connection of connections) {
        try {
          connection.close();
        } catch {
          // It has closed it.
        }
      }
    },
  };
}

const write = async (connection: Deno.Conn, text: string) => {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
};

Deno.test("a letter arrives as it was written, and the status comes back", async () => {
  await using receiver = openReceiver(() => 201);
  assert.deepEqual(await send(receiver.url, anywhere), { status: 201 });
  const [{ body, headers, path }] = receiver.received;
  assert.deepEqual([body, headers.get("webhook-id"), path], [LETTER.body, "fit_x", "/hook"]);
});

Deno.test("a receiver that hangs, closes early, or speaks nonsense costs no more than its time", async () => {
  const cases: [string, (connection: Deno.Conn) => Promise<void>, RegExp][] = [
    ["hangs", () => Promise.resolve(), /did not answer within 0.5 seconds/],
    ["closes", (c) => Promise.resolve(c.close()), /could not be reached|closed the connection/],
    ["half a head", async (c) => {
      await write(c, "HTTP/1.1 200 OK\r\nContent-Le");
      c.close();
    }, /could not be reached|closed the connection/],
    ["another protocol", (c) => write(c, "220 mail.example ESMTP\r\n"), /could not be reached/],
    [
      "a head without end",
      (c) => write(c, `HTTP/1.1 200 OK\r\nX: ${"x".repeat(1e6)}`),
      /could not be reached/,
    ],
    [
      "an upgrade",
      (c) => write(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
      /closed the connection without an answer/,
    ],
  ];
  for (const [name, speak, said] of cases) {
    await using server = openRaw(speak);
    const began = performance.now(),
      answer = await send(server.url, anywhere, {}, name === "hangs" ? 500 : 10_000);
    assert.ok("error" in answer, `${name}: ${JSON.stringify(answer)}`);
    assert.match(answer.error, said, name);
    assert.ok(performance.now() - began < 8000, name);
  }
});

Deno.test("of an answer the status is enough: what follows is not read", async () => {
  let written = 0;
  const closed = Promise.withResolvers<void>();
  await using server = openRaw(async (connection) => {
    await write(connection, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
    try {
      while (written < 1e9) written += await connection.write(new Uint8Array(65536));
    } catch {
      closed.resolve();
    }
  });
  assert.deepEqual(await send(server.url, anywhere), { status: 200 });
  await closed.promise;
  assert.ok(written < 5e7, `${written} bytes were taken`);
});

Deno.test("redirects are not followed", async () => {
  await using target = openReceiver();
  const moved = new Response(null, { status: 307, headers: { Location: target.url } });
  await using receiver = openReceiver(() => moved);
  assert.deepEqual(await send(receiver.url, anywhere), { status: 307 });
  assert.equal(target.received.length, 0);
});

Deno.test("addresses that are not allowed are not connected to, as they are or under a name", async () => {
  await using receiver = openReceiver();
  const named = `http://hooks.example:${receiver.port}/`, resolve = resolver(["127.0.0.1"]);
  assert.ok(forbidden(await send(receiver.url, onInternet)));
  assert.ok(forbidden(await send(named, onInternet, { resolve })));
  assert.equal(receiver.received.length, 0);
  assert.deepEqual(await send(named, anywhere, { resolve }), { status: 204 });
  assert.deepEqual(resolve.asked, ["hooks.example", "hooks.example"]);
  assert.equal(receiver.received[0].headers.get("host"), `hooks.example:${receiver.port}`);
});

Deno.test("a name that leads elsewhere a moment later: each try goes where its own look-up led", async () => {
  await using receiver = openReceiver();
  const url = `http://hooks.example:${receiver.port}/`;
  // Here 127.0.0.1 is the public address, and a private one comes with the second look-up.
  const local = (address: string) => address === "127.0.0.1";
  const turning = resolver(["127.0.0.1"], ["10.0.0.1"]);
  assert.deepEqual(await send(url, local, { resolve: turning }), { status: 204 });
  assert.equal(turning.asked.length, 1, "looked up once, connected where that led");
  assert.ok(forbidden(await send(url, local, { resolve: turning })));
  assert.equal(receiver.received.length, 1);
  // The other way round: a public address, which this test may not connect to, then the machine itself.
  const rebinding = resolver(["8.8.8.8"], ["127.0.0.1"]);
  const first = await send(url, onInternet, { resolve: rebinding });
  assert.ok("error" in first && /could not be reached/.test(first.error), JSON.stringify(first));
  assert.equal(rebinding.asked.length, 1);
  assert.ok(forbidden(await send(url, onInternet, { resolve: rebinding })));
  assert.equal(receiver.received.length, 1);
});

Deno.test("of a name's addresses those that are allowed are used, and no other", async () => {
  await using receiver = openReceiver();
  const url = `http://hooks.example:${receiver.port}/`, local = (address: string) => address === "127.0.0.1";
  const mixed = resolver(["10.0.0.1", "::1", "127.0.0.1", "169.254.169.254"]);
  assert.deepEqual(await send(url, local, { resolve: mixed }), { status: 204 });
  assert.ok(forbidden(await send(url, local, { resolve: resolver(["10.0.0.1", "::1"]) })));
  assert.ok(forbidden(await send(url, local, { resolve: resolver([]) })));
});

const { ca, cert, key } = certificatesFor("receiver.test");
const openSecure = () => openReceiver(() => 204, { cert, key });

Deno.test("the certificate has to be of the name that was called, wherever that leads", async () => {
  await using receiver = openSecure();
  const call = (host: string) =>
    send(`https://${host}:${receiver.port}/`, anywhere, { ca, resolve: resolver(["127.0.0.1"]) });
  assert.deepEqual(await call("receiver.test"), { status: 204 });
  for (const host of ["other.test", "127.0.0.1"]) {
    const error = "The receiver could not be reached (ERR_TLS_CERT_ALTNAME_INVALID).";
    assert.deepEqual(await call(host), { error });
  }
  assert.equal(receiver.received.length, 1);
});

Deno.test("the courier's process minds no setting around it, and a new one takes the place of a dead one", async () => {
  await using receiver = openReceiver();
  await using secure = openSecure();
  const settings = {
    NODE_USE_ENV_PROXY: "1",
    HTTP_PROXY: "http://127.0.0.1:1",
    HTTPS_PROXY: "http://127.0.0.1:1",
    NODE_EXTRA_CA_CERTS: "/none",
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
  };
  const before = Object.keys(settings).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(settings)) Deno.env.set(name, value);
  const courier = new Courier("private", 5000), strict = new Courier("public", 5000);
  try {
    const letter = { ...LETTER, url: receiver.url };
    assert.deepEqual(await courier.post(letter), { status: 204 });
    const unknown = await courier.post({ ...letter, url: `https://127.0.0.1:${secure.port}/` });
    const error = "The receiver could not be reached (UNABLE_TO_VERIFY_LEAF_SIGNATURE).";
    assert.deepEqual([unknown, secure.received.length], [{ error }, 0]);
    const pid = courier.pid!;
    await using silent = openRaw(() => Promise.resolve());
    const cut = courier.post({ ...letter, url: silent.url });
    Deno.kill(pid, "SIGKILL");
    assert.deepEqual(await cut, { error: "The process that sends webhooks stopped." });
    assert.deepEqual(await courier.post(letter), { status: 204 });
    assert.notEqual(courier.pid, pid);
    assert.match(JSON.stringify(await strict.post(letter)), /not encrypted/);
    const https = `https://localhost:${receiver.port}/`;
    assert.ok(forbidden(await strict.post({ ...letter, url: https })));
    assert.equal(receiver.received.length, 2);
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
    await Promise.all([courier.kill(), strict.kill()]);
  }
});
