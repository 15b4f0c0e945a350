/** The service killed at any moment, and told to leave: nothing is lost, nothing runs twice to its end. */
import assert from "node:assert/strict";
import { readEvents, SMALL_FIT, smallRows } from "../routes/support.ts";
import { startServer } from "./server.ts";

const LONG_FIT = { ...SMALL_FIT, chains: 16, warmup: 100, draws: 100_000 };

async function send(url: string, body: Record<string, unknown>): Promise<string> {
  const response = await fetch(`${url}/v1/fits`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ data: { rows: smallRows() }, ...body }),
  });
  assert.equal(response.status, 202);
  return (await response.json()).id;
}

// deno-lint-ignore no-explicit-any -- looked into at many places, each of which asserts what it finds
async function look(url: string, id: string, wait = 0): Promise<any> {
  return await (await fetch(`${url}/v1/fits/${id}`, { headers: { Prefer: `wait=${wait}` } })).json();
}

const drawing = (seen: readonly { event: string; data: { phase?: string; done?: number } }[]) =>
  seen.some(({ event, data }) => event === "progress" && data.phase === "sampling" && data.done! >= 50);

/** Time for the journal, which is written about once a second, and later on a machine with other work. */
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 4000));

Deno.test("killed twice under a fit: begun anew once, then given up with its draws; all others end well", async () => {
  const directory = await Deno.makeTempDir();
  try {
    let server = await startServer(directory);
    const first = await send(server.url, { ...SMALL_FIT, seed: 3 });
    const whole = await look(server.url, first, 30);
    assert.equal(whole.state, "succeeded");
    const long = await send(server.url, LONG_FIT);
    const others = await Promise.all([3, 4, 3].map((seed) => send(server.url, { ...SMALL_FIT, seed })));

    await readEvents(`${server.url}/v1/fits/${long}/events`, { enough: drawing });
    await server.signal("SIGKILL");
    server = await startServer(directory);
    await readEvents(`${server.url}/v1/fits/${long}/events`, { enough: (seen) => drawing(seen.slice(3)) });
    const again = await look(server.url, long);
    assert.deepEqual([again.state, again.attempt, again.resumed], ["running", 2, true]);
    await aMoment();
    await server.signal("SIGKILL");

    server = await startServer(directory);
    const given = await look(server.url, long, 30);
    assert.deepEqual([given.state, given.attempt, given.partial], ["interrupted", 2, true]);
    assert.ok(given.result.sampling.draws >= 50);
    assert.notEqual(given.result.verdict.status, "pass");
    for (const id of others) assert.equal((await look(server.url, id, 30)).state, "succeeded");
    const draws = async (id: string) => await (await fetch(`${server.url}/v1/fits/${id}/draws`)).text();
    assert.equal(await draws(others[0]), await draws(first));
    assert.equal(await draws(others[2]), await draws(first));
    assert.notEqual(await draws(others[1]), await draws(first));
    assert.deepEqual(await look(server.url, first), whole, "what had ended stays as it was");
    assert.equal(await server.signal("SIGTERM"), 0);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("told to leave, it does so within 10 s, and the fit under way goes on where it was", async () => {
  const directory = await Deno.makeTempDir();
  try {
    let server = await startServer(directory);
    const long = await send(server.url, LONG_FIT);
    await readEvents(`${server.url}/v1/fits/${long}/events`, { enough: drawing });
    const told = performance.now();
    assert.equal(await server.signal("SIGTERM"), 0);
    assert.ok(performance.now() - told < 10_000);
    server = await startServer(directory);
    await readEvents(`${server.url}/v1/fits/${long}/events`, { enough: (seen) => drawing(seen.slice(3)) });
    await fetch(`${server.url}/v1/fits/${long}/cancel`, { method: "POST" });
    const { state, attempt, resumed_at } = await look(server.url, long, 30);
    assert.deepEqual([state, attempt, resumed_at.phase], ["canceled", 2, "sampling"]);
    assert.ok(resumed_at.done >= 50);
    assert.equal(await server.signal("SIGTERM"), 0);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
