/** Whole tempered runs of targets whose every answer is known. */
import assert from "node:assert/strict";
import type { Engine } from "../../lib/engine/ensemble.ts";
import { findModes } from "../../lib/samplers/find_modes.ts";
import { runTempered } from "../../lib/samplers/run_tempered.ts";
import type { TemperedRun } from "../../lib/samplers/tempered_run.ts";
import { withCpu, withWebgpu } from "../engine/support.ts";
import {
  exactBarrier,
  exactLogEvidence,
  exactLogEvidences,
  golfHole,
  mixture,
  temperedTarget,
} from "./tempered_targets.ts";

/** Mean over all draws of a function of the position, and its standard error from the ladders' own means. */
function estimate({ batches }: TemperedRun, f: (position: Float32Array | Float64Array) => number) {
  const { chains, dim } = batches[0], sums = new Float64Array(chains);
  let draws = 0;
  for (const { transitions, positions } of batches) {
    draws += transitions;
    for (let row = 0; row < transitions * chains; row++) {
      sums[row % chains] += f(positions.subarray(row * dim, (row + 1) * dim));
    }
  }
  const means = sums.map((sum) => sum / draws), mean = means.reduce((sum, one) => sum + one, 0) / chains;
  const squares = means.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (chains * (chains - 1))) };
}

/** Within six standard errors told from 16 ladders, Student's t on 15 degrees of freedom: wrong once in 40 000. */
function assertNear(what: string, { mean, error }: { mean: number; error: number }, exact: number): void {
  assert.ok(Math.abs(mean - exact) < 6 * error, `${what}: ${mean} +- ${error}, exactly ${exact}`);
}

const PLAN = { ladders: 16, warmup: 300, draws: 100, thin: 5 };

Deno.test("two modes eight sds apart in 20 dimensions get their weights, moments and evidence", () =>
  withWebgpu(async (engine) => {
    const target = mixture(20, [0.3, 0.7], 8, 10);
    const run = await runTempered(engine, temperedTarget(target), 4, { ...PLAN, draws: 200 }),
      report = run.report!;
    const weight = estimate(run, (u) => u[0] > 0 ? 1 : 0);
    assert.ok(weight.error < 0.05, `error of the weight ${weight.error}`);
    assertNear("weight", weight, 0.7);
    const shrink = 100 / 101; // posterior variance, and mean over distance, under the prior
    assertNear("mean of coordinate 1", estimate(run, (u) => u[0]), 1.6 * shrink);
    assertNear("square of coordinate 2", estimate(run, (u) => u[1] ** 2), shrink);
    assertNear("square of coordinate 20", estimate(run, (u) => u[19] ** 2), shrink);
    assertNear(
      "log evidence",
      { mean: report.evidence.log, error: report.evidence.error },
      exactLogEvidence(target),
    );
    assert.ok(report.evidence.error < 0.15, `error of the evidence ${report.evidence.error}`);
    // A first trip takes some hundreds of transitions; measured about 130 of all ladders.
    assert.ok(report.roundTrips.reduce((sum, trips) => sum + trips) > 50, `${report.roundTrips}`);
    assert.ok(report.rejections.every((r) => r > 0.25 && r < 0.75), report.rejections.join(" "));
  }));

/** A conjugate Gaussian, small enough for the reference engine. */
async function conjugate(engine: Engine): Promise<void> {
  const dim = 6, target = mixture(dim, [1], 0, 8);
  const run = await runTempered(engine, temperedTarget(target), 9, PLAN), report = run.report!;
  const exact = exactBarrier(dim, 1, 8);
  // The sum of rejections of a ladder of 2 barriers falls a few percent short of the barrier.
  assert.ok(report.barrier > 0.85 * exact && report.barrier < 1.05 * exact, `${report.barrier} and ${exact}`);
  assert.ok(Math.abs(report.betas.length - 2 * exact - 1) <= 2, `${report.betas.length} rungs`);
  assert.deepEqual([report.betas[0], report.betas.at(-1)], [1, 0]);
  const { log, error } = report.evidence;
  assertNear("log evidence", { mean: log, error }, exactLogEvidence(target));
  assert.ok(error < 0.1);
  assertNear("square", estimate(run, (u) => u[3] ** 2), 64 / 65);
  assert.equal(run.batches.reduce((sum, { transitions }) => sum + transitions, 0), PLAN.draws);
  assert.equal(report.origins.length, PLAN.draws * PLAN.ladders);
}

Deno.test("a conjugate Gaussian has its evidence and barrier, on the device", () => withWebgpu(conjugate));
Deno.test("a conjugate Gaussian has its evidence and barrier, in f64", () => withCpu(conjugate));

/** Both modes of a golf hole, which ladders alone give all to the broad one, whose evidence is a nat too low. */
async function bothModes(engine: Engine, dim: number, draws: number, errors: number[]): Promise<void> {
  const hole = golfHole(dim), target = temperedTarget(hole), [broad, narrow] = exactLogEvidences(hole);
  const { modes } = (await findModes(engine, target.target, target.prior, 3, 128))!;
  const run = await runTempered(engine, { ...target, modes }, 4, { ...PLAN, draws }), report = run.report!;
  const inside = (u: Float32Array | Float64Array) => u[0] > 0,
    weight = estimate(run, (u) => inside(u) ? 1 : 0);
  assert.ok(weight.error < errors[0], `error of the weight ${weight.error}`);
  assertNear("weight", weight, 1 / (1 + Math.exp(broad - narrow)));
  const square = estimate(run, (u) => inside(u) ? u[1] ** 2 : 0);
  assertNear("square of coordinate 2 in the hole", square, weight.mean * 0.005 ** 2 / (1 + 0.005 ** 2));
  const { log, error } = report.evidence;
  assertNear("log evidence", { mean: log, error }, exactLogEvidence(hole));
  assert.ok(error < errors[1], `error of the evidence ${error}`);
  assert.ok(report.jumps.accepted > 0.3 * report.jumps.tried, `${report.jumps.accepted} jumps`);
}

Deno.test("jumps give a mode that tempering cannot see its weight and evidence, on the device", () =>
  withWebgpu((engine) => bothModes(engine, 20, 200, [0.03, 0.12])));
Deno.test("jumps give a mode that tempering cannot see its weight and evidence, in f64", () =>
  withCpu((engine) => bothModes(engine, 10, 100, [0.05, 0.25])));

Deno.test("jumps come after the same transitions, however often a run doubles", () =>
  withCpu(async (engine) => {
    const target = temperedTarget(golfHole(4));
    const { modes } = (await findModes(engine, target.target, target.prior, 3, 64))!;
    const plan = { ladders: 4, warmup: 40, draws: 20, thin: 3 };
    const doubled = await runTempered(engine, { ...target, modes }, 2, plan, () => {}, undefined, {
      doublings: 1,
      enough: () => false,
    });
    const longer = await runTempered(engine, { ...target, modes }, 2, { ...plan, thin: 2 * plan.thin });
    assert.deepEqual(flat(doubled), flat(longer));
    assert.ok(longer.report!.jumps.accepted > 0);
  }));

Deno.test("the same seed gives the same draws; stopping keeps those there are", () =>
  withCpu(async (engine) => {
    const target = temperedTarget(mixture(3, [0.5, 0.5], 6, 6));
    const plan = { ladders: 4, warmup: 60, draws: 60, thin: 2 };
    const whole = await runTempered(engine, target, 2, plan);
    const stop = new AbortController();
    const part = await runTempered(engine, target, 2, plan, ({ phase }) => {
      if (phase === "sampling") stop.abort();
    }, stop.signal);
    assert.deepEqual([whole.interrupted, part.interrupted], [false, true]);
    assert.equal(part.batches.length, 1);
    assert.deepEqual(part.batches[0], whole.batches[0]);
    const never = await runTempered(engine, target, 2, plan, () => {}, AbortSignal.abort());
    assert.deepEqual([never.batches.length, never.report], [0, undefined]);
  }));

/** Everything a run keeps, whatever batches it came in. */
const flat = ({ batches, report }: TemperedRun) => ({
  positions: batches.flatMap(({ positions }) => [...positions]),
  logLik: batches.flatMap(({ logLik }) => [...logLik]),
  leapfrogs: batches.flatMap(({ leapfrogs }) => [...leapfrogs]),
  report,
});

Deno.test("a run that doubles is the longer run at the longer spacing", () =>
  withCpu(async (engine) => {
    const target = temperedTarget(mixture(3, [0.5, 0.5], 6, 6));
    const plan = { ladders: 4, warmup: 60, draws: 20, thin: 3 };
    const seen: number[] = [];
    const doubled = await runTempered(engine, target, 2, plan, () => {}, undefined, {
      doublings: 5,
      enough: (run) => {
        seen.push(run.transitions);
        assert.equal(flat(run).logLik.length, plan.draws * plan.ladders);
        return Promise.resolve(seen.length === 3);
      },
    });
    const longer = await runTempered(engine, target, 2, { ...plan, thin: 4 * plan.thin });
    assert.deepEqual(flat(doubled), flat(longer));
    // Asked at 1, 2 and 4 times the planned length.
    assert.deepEqual(seen.slice(1).map((count, i) => (count - seen[i]) / (seen[1] - seen[0])), [1, 2]);
    const capped = await runTempered(engine, target, 2, plan, () => {}, undefined, {
      doublings: 2,
      enough: () => false,
    });
    assert.deepEqual(flat(capped), flat(longer));
  }));
