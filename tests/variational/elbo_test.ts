import assert from "node:assert/strict";
import { Purpose, RandomStream } from "../../lib/random.ts";
import { balancedNormals } from "../../lib/variational/base_draws.ts";
import { evaluateBounds, gaussianAt, parameterCount, type Rank } from "../../lib/variational/elbo.ts";
import { type Normal, normalOf } from "../../lib/variational/normal.ts";
import { correlatedGaussian, hillProblem, hillTarget } from "../engine/support.ts";
import { exactTarget } from "./support.ts";

const normals = (count: number) => {
  const stream = new RandomStream(8, Purpose.start);
  return Float64Array.from({ length: count }, () => stream.normal());
};

/** A frame of spread 0.3 about a point near 0, correlated where the rank allows. */
function frameOf(rank: Rank, dim: number): Normal {
  const covariance = Float64Array.from({ length: dim * dim }, (_, at) => {
    const i = Math.floor(at / dim), j = at % dim;
    return i === j ? 0.09 * (1 + i / dim) : rank === "full-rank" ? 0.03 / (1 + Math.abs(i - j)) : 0;
  });
  return normalOf(normals(dim).map((z) => 0.3 * z), covariance)!;
}

const ranks: readonly Rank[] = ["mean-field", "full-rank"];
const hill = exactTarget(hillTarget(hillProblem({ rows: 40, components: 2 })));

for (const rank of ranks) {
  // Positions are rounded to f32, which moves the bound by some 1e-6 of the gradient, so steps cannot be tiny.
  Deno.test(`the gradient is the bound's own (${rank})`, async () => {
    const { dim } = hill, frame = frameOf(rank, dim), size = parameterCount(rank, dim);
    const base = balancedNormals(dim, 2 * dim, new RandomStream(2, Purpose.approximation));
    const at = normals(size).map((z) => 0.1 * z), step = 1e-3;
    const [{ gradient }] = await evaluateBounds(hill, rank, [frame], [at], base);
    const shifted = Array.from({ length: 2 * size }, (_, s) => {
      const moved = at.slice();
      moved[s >> 1] += s % 2 === 0 ? step : -step;
      return moved;
    });
    const bounds = await evaluateBounds(hill, rank, shifted.map(() => frame), shifted, base);
    const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
    for (let i = 0; i < size; i++) {
      const slope = (bounds[2 * i].value - bounds[2 * i + 1].value) / (2 * step);
      assert.ok(
        Math.abs(slope - gradient[i]) < 1e-3 * norm,
        `parameter ${i}: ${gradient[i]}, slope ${slope}`,
      );
    }
  });

  Deno.test(`path derivatives of ln p - ln q make the same gradient (${rank})`, async () => {
    const { dim } = hill,
      frame = frameOf(rank, dim),
      at = normals(parameterCount(rank, dim)).map((z) => 0.1 * z);
    const base = balancedNormals(dim, 2 * dim, new RandomStream(2, Purpose.approximation));
    const [{ gradient }] = await evaluateBounds(hill, rank, [frame], [at], base);
    const q = gaussianAt(rank, frame, at), count = base.length / dim;
    const positions = new Float64Array(base.length);
    for (let m = 0; m < count; m++) {
      for (let i = 0; i < dim; i++) {
        positions[m * dim + i] = q.mean[i];
        for (let j = 0; j <= i; j++) positions[m * dim + i] += q.factor[i * dim + j] * base[m * dim + j];
      }
    }
    const values = await hill.evaluate(positions);
    const path = new Float64Array(at.length), score = new Float64Array(dim), whitened = new Float64Array(dim);
    for (let m = 0; m < count; m++) {
      // -grad ln q = L^-T z by back substitution, then both pulled back through the frame.
      for (let i = dim - 1; i >= 0; i--) {
        let rest = base[m * dim + i];
        for (let k = i + 1; k < dim; k++) rest -= q.factor[k * dim + i] * score[k];
        score[i] = rest / q.factor[i * dim + i];
      }
      for (let k = 0; k < dim; k++) {
        whitened[k] = 0;
        for (let i = k; i < dim; i++) {
          whitened[k] += frame.factor[i * dim + k] * (values.gradient[m * dim + i] + score[i]) / count;
        }
        path[k] += whitened[k];
        path[dim + k] += whitened[k] * base[m * dim + k] * Math.exp(at[dim + k]);
      }
      if (rank === "mean-field") continue;
      for (let i = 0, c = 2 * dim; i < dim; i++) {
        for (let j = 0; j < i; j++) path[c++] += whitened[i] * base[m * dim + j];
      }
    }
    const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
    path.forEach((g, i) => assert.ok(Math.abs(g - gradient[i]) < 1e-4 * norm, `parameter ${i}`));
  });

  Deno.test(`the bound on a Gaussian is exact with the fewest draws (${rank})`, async () => {
    const dim = 6, { target, mean, sd } = correlatedGaussian(dim, 0.6), frame = frameOf(rank, dim);
    const base = balancedNormals(dim, dim, new RandomStream(5, Purpose.approximation));
    const at = normals(parameterCount(rank, dim)).map((z) => 0.2 * z);
    const q = gaussianAt(rank, frame, at);
    const [{ value }] = await evaluateBounds(exactTarget(target), rank, [frame], [at], base);
    // -KL(q || p) of two normals.
    const { precision } = target, deviation = q.mean.map((m, i) => m - mean[i]);
    let kl = -dim / 2 - q.logDeterminant;
    for (let i = 0; i < dim; i++) {
      for (let j = 0; j < dim; j++) {
        let covariance = 0;
        for (let k = 0; k < dim; k++) covariance += q.factor[i * dim + k] * q.factor[j * dim + k];
        kl += 0.5 * precision[i * dim + j] * (covariance + deviation[i] * deviation[j]);
      }
    }
    // ln det of an autoregression's covariance: prod sd_i^2 * (1 - rho^2)^(D - 1).
    kl += sd.reduce((sum, s) => sum + Math.log(s), 0) + 0.5 * (dim - 1) * Math.log(1 - 0.36);
    assert.ok(Math.abs(value + kl) < 1e-4 * kl, `${value}, exactly ${-kl}`);
  });
}
