/** A hundred watchers that come and go: what they took is given back. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { linesOf } from "../../lib/service/json_lines.ts";

const WATCHERS = 100, SECONDS = 120;

/**
 * Watches for up to a second, again and again, and goes without a word; over bare connections, which cost this process
 * little. @returns how often
 */
async function watch(url: string, until: number, restless: number): Promise<number> {
  const { hostname, port, pathname } = new URL(url), buffer = new Uint8Array(4096);
  const request = new TextEncoder().encode(`GET ${pathname} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  let streams = 0;
  while (performance.now() < until) {
    const connection = await Deno.connect({ hostname, port: Number(port) });
    const leave = setTimeout(() => connection.close(), 200 + restless * 8);
    try {
      await connection.write(request);
      const size = await connection.read(buffer) ?? 0;
      assert.match(new TextDecoder().decode(buffer.subarray(0, size)), /^HTTP\/1\.1 200 /);
      streams++;
      while (await connection.read(buffer) !== null) { /* only to have read it */ }
      clearTimeout(leave);
      connection.close();
    } catch (error) {
      // Closed while it read.
      if (!(error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted)) {
        throw error;
      }
    }
  }
  return streams;
}

async function crowd(url: string, seconds: number): Promise<number> {
  const until = performance.now() + 1000 * seconds;
  const streams = await Promise.all(Array.from({ length: WATCHERS }, (_, i) => watch(url, until, i)));
  await new Promise((resolve) => setTimeout(resolve, 3000));
  return streams.reduce((sum, one) => sum + one, 0);
}

Deno.test("memory is back within 5% after 100 watchers have come and gone for two minutes", async () => {
  const script = fileURLToPath(new URL("./streams_server.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", "--v8-flags=--expose-gc,--max-semi-space-size=1", script],
    // One arena: glibc's pools grow with the threads that ever allocated, which hides what is measured here.
    env: { MALLOC_ARENA_MAX: "1" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const lines = linesOf(child.stdout), orders = child.stdin.getWriter();
  const line = async () => (await lines.next()).value as string;
  const memory = async (): Promise<{ rss: number; heapUsed: number; streams: number }> => {
    await orders.write(new TextEncoder().encode("\n"));
    return JSON.parse(await line());
  };
  const url = await line();
  await crowd(url, 20); // what any number of watchers needs once
  const before = await memory(), streams = await crowd(url, SECONDS), after = await memory();
  await orders.close();
  assert.equal((await child.status).code, 0);
  await lines.return(undefined);
  const change = (name: "rss" | "heapUsed") => 100 * (after[name] / before[name] - 1);
  console.log(
    `${streams} streams: ${(before.rss / 1e6).toFixed(0)} MB before, ${
      (after.rss / 1e6).toFixed(0)
    } MB after ` +
      `(${change("rss").toFixed(1)}%; heap ${change("heapUsed").toFixed(1)}%)`,
  );
  assert.deepEqual([before.streams, after.streams], [0, 0]);
  assert.ok(change("rss") < 5 && change("heapUsed") < 5);
});
