/** Exact draws from the prior: starting points, the reference end of a ladder, and calibration studies. */
import type { RandomStream } from "../random.ts";
import { draw } from "./families.ts";
import { type HillProblem, PriorFamily } from "./problem.ts";

/** One draw from the prior, in unconstrained coordinates u, (D). */
export function samplePrior(problem: HillProblem, stream: RandomStream): Float64Array {
  const { layout, coordinates } = problem;
  const natural = new Float64Array(layout.dim);
  // In the order of the coordinates: the hyperparameters come before what hangs on them.
  coordinates.forEach((coordinate, i) => {
    const value = draw(coordinate, stream);
    if (coordinate.family === PriorFamily.hierarchical) {
      const mu = layout.hyper + (i >= layout.shape ? 2 : 0);
      natural[i] = natural[mu] + Math.exp(natural[mu + 1]) * value;
    } else {
      natural[i] = value;
    }
  });
  return natural.map((phi, i) => (phi - coordinates[i].loc) / coordinates[i].scale);
}
