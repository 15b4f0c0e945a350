/** What is turned away: strangers, other web pages, too much, too fast, too slow, too deep, and every wrong turn. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { newToken, parseTokens } from "../../lib/service/tokens.ts";
import { problemSchema } from "../../routes/problem.ts";
import { type Answer, openSite, SMALL_FIT, smallRows } from "./support.ts";

const BODY = { data: { rows: smallRows() }, ...SMALL_FIT };

/** A problem+json with that status and something to read. */
function assertProblem(answer: Answer, status: number, words = /./): void {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers.get("Content-Type"), "application/problem+json");
  const problem = problemSchema.strict().parse(answer.body);
  assert.equal(problem.status, status);
  assert.match(`${problem.detail} ${JSON.stringify(problem.errors ?? [])}`, words);
  assert.doesNotMatch(answer.text, /\.ts:|\n +at /, "a stack trace");
}

Deno.test("every answer carries the headers that make browsers careful", async () => {
  await using site = await openSite();
  for (const path of ["/healthz", "/docs", "/nothing", "/v1/fits", "/v1/fits/x"]) {
    const { headers } = await site.ask(path);
    assert.match(headers.get("Content-Security-Policy")!, /default-src 'none'/, path);
    assert.equal(headers.get("X-Content-Type-Options"), "nosniff");
    assert.equal(headers.get("X-Frame-Options"), "DENY");
    assert.equal(headers.get("Access-Control-Allow-Origin"), null);
  }
});

Deno.test("other names for this machine and other web pages are turned away", async () => {
  await using site = await openSite();
  const { port } = new URL(site.url);
  // fetch() writes its own Host, so this is said by hand.
  const said = await raw(
    Number(port),
    "GET /v1/fits HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
  );
  assert.match(said, /^HTTP\/1\.1 403 /);
  for (const headers of [{ Origin: "https://evil.example" }, { "Sec-Fetch-Site": "cross-site" }]) {
    assertProblem(await site.ask("/v1/fits", { json: BODY, headers }), 403, /other web pages/);
  }
  const ours = await site.ask("/v1/fits", {
    json: BODY,
    headers: { Origin: site.url, "Sec-Fetch-Site": "same-origin" },
  });
  assert.equal(ours.status, 202);
  // What a form of another page can send without being asked about.
  assertProblem(await site.ask("/v1/fits", { json: BODY, headers: { "Content-Type": "text/plain" } }), 415);
});

Deno.test("a token is asked for where there are tokens, and guessing is slow", async () => {
  const { token, line } = newToken("anna");
  await using site = await openSite({ tokens: parseTokens(line, "tokens") });
  const ask = (authorization: string) => site.ask("/v1/fits", { headers: { Authorization: authorization } });
  assert.equal((await ask(`Bearer ${token}`)).status, 200);
  const none = await site.ask("/v1/fits");
  assertProblem(none, 401);
  assert.match(none.headers.get("WWW-Authenticate")!, /^Bearer/);
  for (
    const wrong of [`Bearer ${token}x`, `Bearer ${token.slice(1)}`, `Basic ${token}`, "Bearer", "Bearer a b"]
  ) {
    assertProblem(await ask(wrong), 401);
  }
  assertProblem(await site.ask("/metrics"), 401);
  for (const path of ["/healthz", "/readyz", "/openapi.json", "/docs"]) {
    assert.equal((await site.ask(path)).status, 200, path);
  }
  let limited = 0;
  for (let i = 0; i < 20; i++) if ((await ask("Bearer wrong")).status === 429) limited++;
  assert.ok(limited > 0);
  assert.equal((await ask(`Bearer ${token}`)).status, 200, "who has a token is let in all the same");
});

Deno.test("each client is held to its rate, its queue and its open answers", async () => {
  await using site = await openSite({
    limits: { requests_per_second: 0.1, burst: 12, queued: 2, streams: 1, datasets: 1 },
  });
  const ids = [await site.send({ seed: 2 })];
  await site.service.changed(ids[0], 500);
  ids.push(await site.send(), await site.send());
  assertProblem(
    await site.ask("/v1/fits", { json: BODY }),
    429,
    /2 fits and comparisons of yours are waiting/,
  );
  const rows = { rows: smallRows() };
  assert.equal((await site.ask("/v1/datasets", { json: rows })).status, 201);
  assertProblem(await site.ask("/v1/datasets", { json: rows }), 429, /data sets/);
  const events = `/v1/fits/${ids[2]}/events`, held = await fetch(site.url + events);
  assertProblem(await site.ask(events), 429, /close some/);
  await held.body!.cancel();
  for (let i = 0; i < 12; i++) {
    const answer = await site.ask("/v1/fits");
    if (answer.status === 200) continue;
    assertProblem(answer, 429, /requests a second/);
    assert.ok(Number(answer.headers.get("Retry-After")) >= 1);
    return;
  }
  assert.fail("no request was too many");
});

Deno.test("fits run no longer than they may", async () => {
  await using site = await openSite({ limits: { run_seconds: 1, run_seconds_per_day: 1.2 } });
  const first = await site.ended(await site.send({ seed: 2 }));
  assert.deepEqual([first.state, first.partial], ["canceled", true]);
  assert.match(first.error, /ran for the 1 s that it may/);
  const second = await site.ended(await site.send({ seed: 2 }));
  assert.equal(second.state, "canceled");
  const third = await site.ended(await site.send());
  assert.match(third.error, /within 24 hours/);
});

Deno.test("bodies that are too much, in any way, are refused before they are parsed", async () => {
  const limits = { body_bytes: 20_000, body_seconds: 1, depth: 8, values: 500, rows: 60 };
  await using site = await openSite({ limits });
  const send = (body: BodyInit, headers: Record<string, string> = {}) =>
    site.ask("/v1/fits", {
      method: "POST",
      body,
      headers: { "Content-Type": "application/json", ...headers },
    });
  assertProblem(await send("x".repeat(30_000)), 413);
  assertProblem(await send("[".repeat(5000)), 422, /at most 8/);
  assertProblem(await send(`[${"1,".repeat(600)}1]`), 413, /values/);
  assertProblem(await send(JSON.stringify({ data: { csv: "a,b\n".repeat(300) } })), 413, /values/);
  assertProblem(await send(JSON.stringify({ data: { rows: smallRows(70) }, ...SMALL_FIT })), 413, /70 rows/);
  assertProblem(await send(new Uint8Array([0x7b, 0xff, 0x7d])), 400, /UTF-8/);
  assertProblem(await send('{"data":'), 400, /not valid JSON/);
  assertProblem(await send(""), 400);
  assertProblem(await send("{}", { "Content-Encoding": "gzip" }), 415);
  assertProblem(await send("{}", { "Content-Type": "application/xml" }), 415);

  const { port } = new URL(site.url);
  const head = "POST /v1/fits HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  const chunk = `1388\r\n${"x".repeat(5000)}\r\n`;
  const chunked = await raw(Number(port), `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(5)}`);
  assert.match(chunked, /^HTTP\/1\.1 413 /);
  const slow = await raw(Number(port), `${head}Content-Length: 100\r\n\r\n{`);
  assert.match(slow, /^HTTP\/1\.1 408 /);
  assert.equal((await site.ask("/healthz")).status, 200);
});

Deno.test("a body that is wrong is told every wrong field, by its path", async () => {
  await using site = await openSite();
  const paths = async (json: unknown) => {
    const answer = await site.ask("/v1/fits", { json });
    assertProblem(answer, 422);
    return answer.body.errors.map(({ path }: { path: string }) => path).sort();
  };
  const rows = smallRows();
  assert.deepEqual(await paths(null), [""]);
  assert.deepEqual(await paths([]), [""]);
  assert.deepEqual(await paths({}), ["data"]);
  assert.deepEqual(await paths({ data: {} }), ["data"]);
  assert.deepEqual(await paths({ data: { rows, csv: "a" } }), ["data"]);
  assert.deepEqual(await paths({ data: { rows }, chains: 3, method: "magic", colour: 1 }), [
    "chains",
    "colour",
    "method",
  ]);
  assert.deepEqual(await paths({ data: { rows }, components: 9, seed: 1.5, holdout: -1 }), [
    "components",
    "holdout",
    "seed",
  ]);
  assert.deepEqual(await paths({ data: { rows }, target: "sals", spend: ["spned"] }), ["spend", "target"]);
  assert.deepEqual(
    await paths({
      data: { rows },
      config: { priors: { sigma: { family: "half-normal", scale: -1 } }, x: 1 },
    }),
    ["config.priors.sigma.scale", "config.x"],
  );
  assert.deepEqual(await paths({ data: { rows }, chains: 16384, draws: 100_000 }), ["chains"]);
  assert.deepEqual(await paths({ data: { rows: "rows" }, ...SMALL_FIT }), ["data"]);
  const broken = await site.ask("/v1/fits", {
    json: { data: { rows: [...rows, { week: 41, spend: -3, sales: "?" }] }, ...SMALL_FIT },
  });
  assert.deepEqual(
    broken.body.errors.map(({ row, column, value }: Record<string, unknown>) => [row, column, value]),
    [[41, "spend", "-3"], [41, "sales", "?"]],
  );
  assertProblem(await site.ask("/v1/fits", { json: { data: { dataset: `data_${"a".repeat(26)}` } } }), 404);
  assert.equal((await site.ask("/v1/fits")).body.items.length, 0);
});

Deno.test("names in paths never reach the file system", async () => {
  await using site = await openSite();
  const { port } = new URL(site.url);
  const names = [
    "..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "fit_",
    "fit_" + "A".repeat(26),
    "%ff",
    "a".repeat(5000),
  ];
  for (const name of names) {
    for (const path of [`/v1/fits/${name}`, `/v1/fits/${name}/draws`, `/v1/datasets/${name}`]) {
      const said = await raw(
        Number(port),
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      );
      assert.match(said, /^HTTP\/1\.1 4\d\d /, path);
      assert.doesNotMatch(said, /root:/);
    }
  }
});

Deno.test("a path asked in the wrong way says which ways there are", async () => {
  await using site = await openSite();
  const put = await site.ask("/v1/fits", { method: "PUT", body: "x" });
  assertProblem(put, 405);
  assert.equal(put.headers.get("Allow"), "POST, GET, HEAD");
  assertProblem(await site.ask("/v1/nothing"), 404);
  assert.equal((await site.ask("/v1/fits", { method: "HEAD" })).status, 200);
});

/** Says something over a bare connection; what comes back until it closes or falls silent. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let said = "";
    socket.setTimeout(4000, () => socket.destroy());
    socket.on("data", (piece) => {
      said += piece.toString();
      if (said.includes("\r\n\r\n")) socket.destroy();
    });
    socket.on("close", () => resolve(said));
    socket.on("error", reject);
  });
}
