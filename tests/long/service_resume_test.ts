/**
 * Jobs of every kind and method whose engine is killed at random moments after they first saved something: each goes
 * on, once, to the draws of one that was left alone. The moments are random; what is asserted holds at every moment.
 */
import assert from "node:assert/strict";
import { type MethodName, METHODS } from "../../lib/fit_types.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import { timeless } from "../compare/timeless.ts";
import { openSite, type Site } from "../routes/support.ts";

const KILLS = 6;
/** Sizes at which a fit by the processor takes some seconds, so that most moments hit it. */
const FITS: Readonly<Record<MethodName, Record<string, unknown>>> = {
  auto: { components: 2, chains: 16, warmup: 100, draws: 200 },
  chees: { components: 2, chains: 16, warmup: 200, draws: 2000 },
  nuts: { components: 2, chains: 16, warmup: 200, draws: 800 },
  tempered: { components: 2, chains: 4, warmup: 200, draws: 200 },
  "two-stage": { components: 2, chains: 32, warmup: 200, draws: 800, carry: "prior" },
  advi: { components: 3, chains: 128, warmup: 5000 },
  "advi-fullrank": { components: 3, chains: 128, warmup: 5000 },
  pathfinder: { components: 3, chains: 512, warmup: 2000 },
};
const COMPARISON = {
  components: 2,
  effort: 0.3,
  methods: ["advi", "chees", "two-stage:cut", "nuts", "pathfinder"],
};

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** All that lasts of a job's result: draws of each run, and the report but for times. */
async function lasting({ ask }: Site, { id, kind, runs, result }: Job): Promise<unknown> {
  const paths: string[] = kind === "fit" ? [`/v1/fits/${id}/draws`] : runs.map(({ draws }) => draws);
  const draws = await Promise.all(paths.map(async (path) => (await ask(path)).text));
  return { draws, report: timeless(result) };
}

interface Job {
  readonly id: string;
  readonly kind: "fit" | "compare";
  readonly runs: readonly { readonly draws: string }[];
  readonly result: unknown;
}

/** Kills the engine at a moment of the time that the job takes. @returns whether the job was hit */
async function killOnce({ service, ask }: Site, id: string, path: string, afterMs: number): Promise<boolean> {
  const at = performance.now() + afterMs;
  for (;;) {
    const { state } = (await ask(`${path}/${id}`)).body;
    if (state !== "queued" && state !== "running") return false;
    if (state === "running" && performance.now() >= at && service.files.hasSaved(id, 1)) break;
    await pause(20);
  }
  Deno.kill(service.dispatcher.enginePid!, "SIGKILL");
  return true;
}

async function study(name: string, site: Site, send: () => Promise<string>): Promise<void> {
  const seed = Date.now() % 1e6, random = new RandomStream(seed, Purpose.simulate);
  const began = performance.now(),
    unharmed = await site.ended(await send()),
    took = performance.now() - began;
  assert.equal(unharmed.state, "succeeded", unharmed.error);
  const path = unharmed.kind === "fit" ? "/v1/fits" : "/v1/compare";
  const expected = await lasting(site, unharmed), places: string[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const id = await send(), hit = await killOnce(site, id, path, took * random.uniform());
    const done = await site.ended(id), { state, attempt, resumed_at: at } = done;
    // Killed between its end and the news of it, it has ended all the same.
    assert.ok(state === "succeeded" && attempt <= (hit ? 2 : 1), `${state} after ${attempt}: ${done.error}`);
    if (attempt === 2) {
      assert.ok(at !== null, "it began anew");
      places.push([at.method, at.step, `${at.phase} ${at.done}/${at.total}`].filter(Boolean).join(" "));
    }
    assert.deepEqual(await lasting(site, done), expected);
  }
  console.log(`${name}: ${(took / 1000).toFixed(1)} s, seed ${seed}, went on at ${places.join(", ")}`);
}

for (const method of Object.keys(METHODS) as MethodName[]) {
  Deno.test(`a fit by ${method} that is killed at random moments goes on to the same result`, async () => {
    await using site = await openSite({ real: true, checkpointMs: 100 });
    await study(method, site, () => site.send({ method, ...FITS[method] }));
  });
}

Deno.test("a comparison that is killed at random moments goes on to the same result", async () => {
  await using site = await openSite({ real: true, checkpointMs: 100 });
  await study("comparison", site, () => site.compare(COMPARISON));
});
