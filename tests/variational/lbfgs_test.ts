import assert from "node:assert/strict";
import {
  initLbfgs,
  inverseHessianOf,
  type LbfgsInfo,
  type LbfgsState,
  type Point,
  stepLbfgs,
  trialOf,
} from "../../lib/variational/lbfgs.ts";
import { gaussianDensity } from "../../lib/model/test_densities.ts";
import type { Density } from "../../lib/model/target.ts";
import { correlatedGaussian } from "../engine/support.ts";

/** Log density and gradient by a function of the position. */
type Target = (x: Float64Array) => { value: number; gradient: number[] };

interface Path {
  readonly state: LbfgsState;
  readonly kinds: LbfgsInfo["kind"][];
}

function pointAt(target: Target, position: Float64Array): Point {
  const { value, gradient } = target(position);
  return { position, logDensity: value, gradient: Float64Array.from(gradient) };
}

function climb(target: Target, start: readonly number[], look = (_: LbfgsState) => {}): Path {
  let state = initLbfgs(pointAt(target, Float64Array.from(start)));
  const kinds: LbfgsInfo["kind"][] = [];
  while (kinds.length < 500) {
    const [next, { kind }] = stepLbfgs(state, pointAt(target, trialOf(state)));
    state = next;
    kinds.push(kind);
    look(state);
    if (kind === "converged" || kind === "stuck") break;
  }
  return { state, kinds };
}

function targetOf(density: Density): Target {
  const gradient = new Float64Array(density.dim);
  return (x) => {
    density.evaluate(x, 0, 1, gradient, 0);
    return { value: density.logPrior + density.logLik, gradient: [...gradient] };
  };
}

/** Minus Rosenbrock's function: a curved ridge with its top at (1, 1). */
const ridge: Target = ([x, y]) => ({
  value: -100 * (y - x * x) ** 2 - (1 - x) ** 2,
  gradient: [400 * x * (y - x * x) + 2 * (1 - x), -200 * (y - x * x)],
});

Deno.test("a quadratic is climbed to the top, and its covariance learnt on the way", () => {
  const dim = 12, { target, mean, sd } = correlatedGaussian(dim, 0.7);
  const { state, kinds } = climb(
    targetOf(gaussianDensity(target.mean, target.precision)),
    new Array(dim).fill(9),
  );
  assert.equal(kinds.at(-1), "converged");
  assert.ok(kinds.length < 60, `${kinds.length} evaluations`);
  const covariance = inverseHessianOf(state);
  for (let i = 0; i < dim; i++) {
    assert.ok(Math.abs(state.point.position[i] - mean[i]) < 0.01 * sd[i], `coordinate ${i}`);
    const learnt = Math.sqrt(covariance[i * dim + i]);
    assert.ok(Math.abs(learnt / sd[i] - 1) < 0.05, `sd ${i}: ${learnt}, exactly ${sd[i]}`);
  }
  const correlation = covariance[1] / (sd[0] * sd[1]);
  assert.ok(Math.abs(correlation - 0.7) < 0.05, `correlation ${correlation}`);
});

Deno.test("steps follow the estimate of the inverse Hessian", () => {
  const dim = 5, { target } = correlatedGaussian(dim, 0.7);
  climb(targetOf(gaussianDensity(target.mean, target.precision)), new Array(dim).fill(9), (state) => {
    const inverse = inverseHessianOf(state), { gradient } = state.point;
    const size = Math.sqrt(state.direction.reduce((sum, x) => sum + x * x, 0));
    for (let i = 0; i < dim; i++) {
      const product = gradient.reduce((sum, g, j) => sum + inverse[i * dim + j] * g, 0);
      assert.ok(Math.abs(state.direction[i] - product) <= 1e-6 * size, `coordinate ${i}`);
    }
  });
});

Deno.test("a curved ridge is followed to its end, uphill all the way", () => {
  const seen: number[] = [];
  const { state, kinds } = climb((x) => {
    const found = ridge(x);
    seen.push(found.value);
    return found;
  }, [-1.2, 1]);
  assert.equal(kinds.at(-1), "converged");
  assert.ok(kinds.length < 100, `${kinds.length} evaluations`);
  assert.deepEqual([...state.point.position].map((x) => x.toFixed(2)), ["1.00", "1.00"]);
  let last = seen[0];
  kinds.forEach((kind, i) => {
    if (kind === "searching") return;
    assert.ok(seen[i + 1] >= last - 1e-6 * Math.abs(last), `iterate after evaluation ${i}`);
    last = seen[i + 1];
  });
});

Deno.test("steps into places without a density are cut back", () => {
  // ln x - x: nothing at or below 0, where a first step of length one would end.
  const { state, kinds } = climb(([x]) => ({
    value: x > 0 ? 200 * (Math.log(x) - x) : NaN,
    gradient: [x > 0 ? 200 * (1 / x - 1) : NaN],
  }), [1.9]);
  assert.equal(kinds.at(-1), "converged");
  assert.ok(Math.abs(state.point.position[0] - 1) < 1e-3);
});

Deno.test("the estimate stays positive definite where the target curves the wrong way", () => {
  // Saddle at the origin: upwards along y until the quartic closes it.
  const saddle: Target = ([x, y]) => ({
    value: -x * x + y * y - 0.1 * y ** 4,
    gradient: [-2 * x, 2 * y - 0.4 * y ** 3],
  });
  const { state } = climb(saddle, [1, 0.01], (state) => {
    const [a, b, , d] = inverseHessianOf(state);
    assert.ok(a > 0 && a * d - b * b > 0);
  });
  assert.ok(Math.abs(Math.abs(state.point.position[1]) - Math.sqrt(5)) < 1e-2);
});

Deno.test("a gradient that points nowhere ends the path", () => {
  // A gradient of the wrong sign: nothing along it ever rises.
  const { state, kinds } = climb(([x]) => ({ value: -x * x, gradient: [2 * x] }), [3]);
  assert.equal(kinds.at(-1), "stuck");
  assert.equal(state.point.position[0], 3);
});

// Rounded log densities tell nothing below their last digit; gradients still do.
Deno.test("log densities with the noise of f32 do not stop a path far from the top", () => {
  const dim = 12, { target, mean, sd } = correlatedGaussian(dim, 0.7);
  const exact = targetOf(gaussianDensity(target.mean, target.precision));
  const { state, kinds } = climb((x) => {
    const { value, gradient } = exact(x);
    return { value: Math.fround(value - 1000), gradient: gradient.map(Math.fround) };
  }, new Array(dim).fill(9));
  assert.equal(kinds.at(-1), "converged");
  for (let i = 0; i < dim; i++) {
    assert.ok(Math.abs(state.point.position[i] - mean[i]) < 0.1 * sd[i], `coordinate ${i}`);
  }
});
