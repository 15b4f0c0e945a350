/**
 * The service under load: many clients that send everything twice, and a service killed again and again. The second
 * test's moments are random; what it asserts holds at every moment.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { formatCsv } from "../../lib/data/csv.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import { timeless } from "../compare/timeless.ts";
import { readEvents, SMALL_FIT, smallRows } from "../routes/support.ts";
import { makeCli } from "../service/command_line.ts";
import { type Server, startServer } from "../service/server.ts";

const CLIENTS = 20, EACH = 10, SEEDS = 8, KILLS = 20, COMPARISONS = 15;
const ROWS = smallRows();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until there is an answer that is one: the service may be away, busy with the same key, or flooded. */
async function insist(url: string, init?: RequestInit): Promise<Response> {
  while (true) {
    try {
      const response = await fetch(url, init);
      if (![409, 429, 503].includes(response.status)) return response;
      await response.body?.cancel();
    } catch {
      // It is away.
    }
    await pause(100);
  }
}

/** One fit, sent twice at the same time under one key. @returns its id */
async function sendTwice(url: string, key: string, seed: number): Promise<string> {
  const init = {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": key },
    body: JSON.stringify({ data: { rows: ROWS, name: "small.csv" }, ...SMALL_FIT, seed }),
  };
  const sent = async () => {
    while (true) {
      const response = await insist(`${url}/v1/fits`, init);
      assert.ok(response.status === 202, `${response.status}`);
      try {
        return (await response.json()).id as string;
      } catch {
        await pause(100); // killed in the middle of its answer
      }
    }
  };
  const [first, second] = await Promise.all([sent(), sent()]);
  assert.equal(first, second);
  return first;
}

async function sendAll(url: string): Promise<Map<string, number>> {
  const seeds = new Map<string, number>();
  await Promise.all(Array.from({ length: CLIENTS }, async (_, client) => {
    for (let i = 0; i < EACH; i++) {
      const seed = 1 + (client + i) % SEEDS;
      seeds.set(await sendTwice(url, `${client}-${i}`, seed), seed);
    }
  }));
  return seeds;
}

interface Fit {
  readonly id: string;
  readonly state: string;
  readonly attempt: number;
}

/** @param list of what, `/v1/fits` or `/v1/compare` */
async function listAll(list: string): Promise<Fit[]> {
  const fits: Fit[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const page: { items: Fit[]; next_cursor: string | null } =
      await (await insist(`${list}?limit=100${query}`)).json();
    fits.push(...page.items);
    cursor = page.next_cursor;
  }
  return fits;
}

async function untilAllEnded(list: string): Promise<Fit[]> {
  while (true) {
    const fits = await listAll(list);
    if (fits.every(({ state }) => state !== "queued" && state !== "running")) return fits;
    await pause(500);
  }
}

async function drawsBySeed(): Promise<Map<number, string>> {
  await using cli = await makeCli();
  const csv = formatCsv(["week", "spend", "sales"], ROWS.map((row) => Object.values(row) as number[]));
  await Deno.writeTextFile(join(cli.directory, "small.csv"), csv);
  const draws = new Map<number, string>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const line =
      `small.csv --method chees --components 1 --chains 8 --warmup 50 --draws 50 --seed ${seed} --engine cpu`;
    draws.set(seed, (await cli.fit(line)).draws);
  }
  return draws;
}

/** Every result is the command line's, and every fit ended once. */
async function checkResults(
  url: string,
  fits: readonly Fit[],
  seeds: ReadonlyMap<string, number>,
): Promise<void> {
  const expected = await drawsBySeed();
  for (const { id, state } of fits) {
    const ends = (await readEvents(`${url}/v1/fits/${id}/events`)).filter(({ event, data }) =>
      event === "state" && data.state !== "queued" && data.state !== "running"
    );
    assert.equal(ends.length, 1, id);
    await pause(30); // within the client's rate
    if (state !== "succeeded") continue;
    const draws = await (await insist(`${url}/v1/fits/${id}/draws`)).text();
    assert.equal(draws, expected.get(seeds.get(id)!), `${id} differs from the command line's fit`);
  }
}

Deno.test("200 fits by 20 clients, each sent twice: 200 results, none twice, as the command line's", async () => {
  const directory = await Deno.makeTempDir(), server = await startServer(directory);
  try {
    const seeds = await sendAll(server.url), fits = await untilAllEnded(`${server.url}/v1/fits`);
    assert.deepEqual([seeds.size, fits.length], [CLIENTS * EACH, CLIENTS * EACH]);
    assert.ok(fits.every(({ state, attempt }) => state === "succeeded" && attempt === 1));
    await checkResults(server.url, fits, seeds);
  } finally {
    await server.signal("SIGTERM");
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("killed at 20 random moments under load: no fit lost, none run twice to its end", async () => {
  const directory = await Deno.makeTempDir(), seed = Date.now() % 1e6;
  const random = new RandomStream(seed, Purpose.simulate);
  let server: Server = await startServer(directory);
  const { url } = server, port = Number(new URL(url).port);
  try {
    const sending = sendAll(url);
    for (let kill = 0; kill < KILLS; kill++) {
      await pause(2000 * random.uniform());
      await server.signal("SIGKILL");
      server = await startServer(directory, { port });
    }
    const seeds = await sending, fits = await untilAllEnded(`${url}/v1/fits`);
    assert.deepEqual([seeds.size, fits.length], [CLIENTS * EACH, CLIENTS * EACH]);
    const count = (wanted: string) => fits.filter(({ state }) => state === wanted).length;
    const again = fits.filter(({ attempt }) => attempt === 2).length;
    console.log(
      `seed ${seed}: ${KILLS} kills, ${fits.length} fits: ${count("succeeded")} succeeded, ` +
        `${count("interrupted")} interrupted by two kills; ${again} begun twice`,
    );
    for (const { state, attempt, id } of fits) {
      assert.ok(
        state === "succeeded" ? attempt <= 2 : state === "interrupted" && attempt === 2,
        `${id}: ${state}`,
      );
    }
    await checkResults(url, fits, seeds);
  } finally {
    await server.signal("SIGTERM");
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("comparisons killed at 20 random moments: none lost, and what is kept is right", async () => {
  const directory = await Deno.makeTempDir(), seed = Date.now() % 1e6;
  const random = new RandomStream(seed, Purpose.simulate);
  let server: Server = await startServer(directory);
  const { url } = server, port = Number(new URL(url).port), list = `${url}/v1/compare`;
  const send = async () => {
    const asked = {
      data: { rows: ROWS },
      methods: ["advi", "chees", "pathfinder"],
      components: 2,
      effort: 0.5,
    };
    const headers = { "Content-Type": "application/json" };
    return (await insist(list, { method: "POST", headers, body: JSON.stringify(asked) })).json();
  };
  const look = async (id: string) => await (await insist(`${list}/${id}`)).json();
  /** All that lasts of its methods, by name. */
  const methodsOf = async (id: string) => {
    const { result, runs } = await look(id);
    const drawn = runs.map(async ({ method, draws }: { method: string; draws: string }) => {
      const { summary, status } = (timeless(result) as typeof result).methods.find((
        row: { method: string },
      ) => row.method === method);
      return [method, { summary, status, draws: await (await insist(url + draws)).text() }] as const;
    });
    return new Map<string, unknown>(await Promise.all(drawn));
  };
  try {
    const [unharmed] = [(await send()).id], whole = await untilAllEnded(list).then(() => methodsOf(unharmed));
    assert.equal(whole.size, 3);
    for (let i = 0; i < COMPARISONS; i++) await send();
    for (let kill = 0; kill < KILLS; kill++) {
      await pause(3000 * random.uniform());
      await server.signal("SIGKILL");
      server = await startServer(directory, { port });
    }
    const all = await untilAllEnded(list), attempts = new Map<string, number>();
    assert.equal(all.length, 1 + COMPARISONS);
    for (const { id, state, attempt } of all) {
      attempts.set(`${state} after ${attempt}`, 1 + (attempts.get(`${state} after ${attempt}`) ?? 0));
      assert.ok(
        state === "succeeded" ? attempt <= 2 : state === "interrupted" && attempt === 2,
        `${id}: ${state}`,
      );
      const methods = await methodsOf(id);
      if (state === "succeeded") assert.deepEqual(methods, whole);
      else for (const [name, method] of methods) assert.deepEqual(method, whole.get(name), name);
    }
    console.log(`seed ${seed}: ${[...attempts].map(([how, count]) => `${count} ${how}`).join(", ")}`);
  } finally {
    await server.signal("SIGTERM");
    await Deno.remove(directory, { recursive: true });
  }
});
