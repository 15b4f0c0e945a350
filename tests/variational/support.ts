/** Targets of the variational tests, evaluated in this thread, and runs that are cut off. */
import assert from "node:assert/strict";
import { deserialize, serialize } from "node:v8";
import type { TargetSpec } from "../../lib/engine/ensemble.ts";
import { targetDensity } from "../../lib/model/target.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import type { Continuation } from "../../lib/samplers/run.ts";
import type { Target } from "../../lib/variational/importance.ts";

/** A target of a log density and its gradient. */
export function plainTarget(dim: number, at: (x: Float64Array, gradient: Float64Array) => number): Target {
  return {
    dim,
    evaluate(positions) {
      const n = positions.length / dim, logLik = new Float64Array(n), gradient = new Float64Array(n * dim);
      for (let i = 0; i < n; i++) {
        const own = [i * dim, (i + 1) * dim] as const;
        logLik[i] = at(positions.subarray(...own), gradient.subarray(...own));
      }
      return Promise.resolve({ logPrior: new Float64Array(n), logLik, gradient });
    },
  };
}

/** A target of one problem in f64, its log density all likelihood. */
export function exactTarget(spec: TargetSpec): Target {
  const density = targetDensity(spec, 0);
  return plainTarget(density.dim, (x, gradient) => {
    density.evaluate(x, 0, 1, gradient, 0);
    return density.logPrior + density.logLik;
  });
}

/** Standard normal positions, (count, D). */
export function scattered(count: number, dim: number, seed = 1): Float64Array {
  const stream = new RandomStream(seed, Purpose.initial);
  return Float64Array.from({ length: count * dim }, () => stream.normal());
}

/**
 * Cuts a run off after every state that it offers, and goes on from bytes: to the same end, telling what was still to
 * be told. No state may change after it was offered or while a run goes on from it.
 *
 * @param run a whole run, begun or gone on with, which tells of a step before it offers the state after it
 * @returns the states offered by the run that nothing cut off
 */
export async function goesOnAnywhere<State, Step>(
  run: (tell: (step: Step) => void, continuation: Continuation<State>) => Promise<unknown>,
): Promise<State[]> {
  const told: Step[] = [], offered: State[] = [], bytes: Uint8Array[] = [];
  const whole = await run((step) => void told.push(step), {
    offer(state) {
      offered.push(state);
      bytes.push(serialize(state));
    },
  });
  assert.ok(offered.length > 1 && offered.length === told.length);
  bytes.forEach((saved, i) => assert.deepEqual(offered[i], deserialize(saved), `state ${i} was changed`));
  for (const [i, saved] of bytes.entries()) {
    const from = deserialize(saved) as State, later: Step[] = [], next: State[] = [];
    const result = await run((step) => void later.push(step), {
      from,
      offer: (state) => void next.push(state),
    });
    assert.deepEqual(result, whole, `gone on with after step ${i + 1} of ${told.length}`);
    assert.deepEqual(later, told.slice(i + 1));
    assert.deepEqual(next.slice(0, 1), offered.slice(i + 1, i + 2));
    assert.deepEqual(from, deserialize(saved), `state ${i} was changed by the run that went on from it`);
  }
  return offered;
}
