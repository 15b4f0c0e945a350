/** The named model specifications: what each preset changes in the baseline priors and coordinates. */
import type { Coordinates, Priors } from "./spec.ts";

/** One named choice of priors and coordinates. */
export interface Preset {
  /** One line for `--help`. */
  readonly title: string;
  /** Fixed number of components; otherwise the caller's, 3 by default. */
  readonly components?: number;
  readonly coordinates?: Coordinates;
  /** What differs from {@link BASELINE_PRIORS}. */
  readonly priors?: Partial<Priors>;
}

/** Weakly informative priors in units of the data; every preset starts from them. */
export const BASELINE_PRIORS: Priors = {
  alpha: { a: 2, b: 2 },
  intercept: { mean: 0, sd: 2 },
  slope: { mean: 0, sd: 1 },
  gamma: { mean: 0, sd: 1 },
  sigma: { family: "half-normal", scale: 1 },
  kappa: { median: 1, spread: 0.7 },
  kappa_gap: { family: "half-normal", scale: 0.7 },
  sticks: { family: "beta", a: 1, b: 1 },
  mu_log_A: { median: 0.3, spread: 0.5 },
  sigma_log_A: { family: "lognormal", mu: -1, sigma: 0.5 },
  mu_log_n: { median: 1.5, spread: 0.3 },
  sigma_log_n: { family: "lognormal", mu: -1.5, sigma: 0.5 },
  A: { median: 0.3, spread: 0.8 },
  n: { median: 1.5, spread: 0.4 },
};

const SPARSE: Partial<Priors> = { sticks: { family: "dirichlet", concentration: 0.1 } };
const INVERSE_GAMMA: Partial<Priors> = {
  sigma_log_A: { family: "inverse-gamma", shape: 3, scale: 1 },
  sigma_log_n: { family: "inverse-gamma", shape: 4, scale: 1 },
};

function halfNormalSpreads(scale: number): Partial<Priors> {
  return {
    sigma_log_A: { family: "half-normal", scale },
    sigma_log_n: { family: "half-normal", scale },
  };
}

/** Every preset by name. */
export const PRESETS = {
  "baseline": { title: "log-normal spreads of the components, uniform sticks" },
  "sparse-dirichlet": {
    title: "symmetric Dirichlet(0.1) weights: few components stay in use",
    priors: SPARSE,
  },
  "inverse-gamma": { title: "inverse-gamma spreads, which keep components apart", priors: INVERSE_GAMMA },
  "combined": {
    title: "sparse-dirichlet weights with inverse-gamma spreads",
    priors: { ...SPARSE, ...INVERSE_GAMMA },
  },
  "half-normal": {
    title: "HalfNormal(1) spreads: components may differ widely",
    priors: halfNormalSpreads(1),
  },
  "half-normal-tight": {
    title: "HalfNormal(0.1) spreads: components nearly alike",
    priors: halfNormalSpreads(0.1),
  },
  "fully-non-centred": {
    title: "baseline posterior, every coordinate scaled to prior mean 0 and sd 1",
    coordinates: "fully-non-centred",
  },
  "centred": { title: "baseline posterior, ln A and ln n as coordinates themselves", coordinates: "centred" },
  "single": { title: "one Hill curve, no hierarchy", components: 1 },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;
