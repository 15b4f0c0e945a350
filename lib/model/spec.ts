/**
 * The model specification: components, priors, coordinates and season, as one strict zod schema that the
 * command line, configuration files and HTTP share. Scales are relative to the data (sd of the response, its
 * range, the median adstocked spend), so one specification fits data in any units.
 */
import { z } from "zod";
import { InputError } from "../errors.ts";
import { BASELINE_PRIORS, type Preset, type PresetName, PRESETS } from "./presets.ts";
import { schemaProblems } from "./schema_problems.ts";

const MAX_COMPONENTS = 8;
export const DEFAULT_COMPONENTS = 3;

/** A strictly positive constant, within what f32 arithmetic bears. */
const positive = z.number().min(1e-3).max(1e3);
const real = z.number().min(-100).max(100);

const betaPrior = z.strictObject({
  a: positive.describe("First shape of Beta(a, b)."),
  b: positive.describe("Second shape of Beta(a, b)."),
});

const normalPrior = z.strictObject({
  mean: real.describe("Prior mean, in multiples of sd y; for the intercept counted from mean y."),
  sd: positive.describe("Prior standard deviation, in multiples of sd y."),
});

const logNormalPrior = z.strictObject({
  median: positive.describe("Prior median."),
  spread: positive.describe("Prior standard deviation of the logarithm."),
});

const positivePrior = z.discriminatedUnion("family", [
  z.strictObject({
    family: z.literal("lognormal"),
    mu: real.describe("Mean of the logarithm."),
    sigma: positive.describe("Standard deviation of the logarithm."),
  }),
  z.strictObject({
    family: z.literal("half-normal"),
    scale: positive.describe("Standard deviation of the normal that is folded at 0."),
  }),
  z.strictObject({
    family: z.literal("inverse-gamma"),
    shape: positive.describe("Shape; moments below it exist."),
    scale: positive.describe("Scale."),
  }),
]);

const sticksPrior = z.discriminatedUnion("family", [
  z.strictObject({
    family: z.literal("beta"),
    a: positive.describe("First shape of every stick's Beta(a, b)."),
    b: positive.describe("Second shape of every stick's Beta(a, b)."),
  }),
  z.strictObject({
    family: z.literal("dirichlet"),
    concentration: positive.describe("Symmetric Dirichlet weights: stick k is Beta(c, c (K - k))."),
  }),
]);

const priorsSchema = z.strictObject({
  alpha: betaPrior.describe("Adstock carry-over alpha, Beta(a, b)."),
  intercept: normalPrior.describe("Baseline level, Normal(mean y + mean * sd y, sd * sd y)."),
  slope: normalPrior.describe("Baseline trend per sd of the time index, Normal, in multiples of sd y."),
  gamma: normalPrior.describe(
    "Effect of each standardised control and season term, Normal, in multiples of sd y.",
  ),
  sigma: positivePrior.describe("Noise, in multiples of sd y."),
  kappa: logNormalPrior.describe(
    "Half-saturation of the first component, LogNormal; its median in multiples of the median adstocked spend.",
  ),
  kappa_gap: positivePrior.describe(
    "ln kappa_k - ln kappa_{k-1}, the ordered steps between half-saturations.",
  ),
  sticks: sticksPrior.describe("Stick-breaking fractions of the component weights."),
  mu_log_A: logNormalPrior.describe(
    "Normal on the components' mean ln A; its median, as exp, in multiples of the range of y.",
  ),
  sigma_log_A: positivePrior.describe("Spread of ln A over components."),
  mu_log_n: logNormalPrior.describe("Normal on the components' mean ln n; its median given as exp."),
  sigma_log_n: positivePrior.describe("Spread of ln n over components."),
  A: logNormalPrior.describe(
    "Amplitude with one component, LogNormal; its median in multiples of the range of y.",
  ),
  n: logNormalPrior.describe("Shape with one component, LogNormal."),
});

/** Priors of every quantity. `mu_log_*` and `sigma_log_*` need two components, `A` and `n` one. */
export type Priors = z.output<typeof priorsSchema>;

const coordinatesSchema = z.enum(["non-centred", "centred", "fully-non-centred"]);

/** How the sampler sees the model: other coordinates, same posterior. */
export type Coordinates = z.output<typeof coordinatesSchema>;

const seasonSchema = z.strictObject({
  period: z.number().gt(1).max(1e5).describe("Rows in one season: 7 for weekly cycles in daily rows."),
  harmonics: z.int().min(1).max(10).describe("Sine and cosine pairs, of periods period, period / 2, ..."),
}).refine(({ period, harmonics }) => 2 * harmonics < period, {
  path: ["harmonics"],
  error: "the shortest cycle must span more than two rows: lower harmonics below period / 2",
});

/** Fourier season terms of the baseline. */
export type Season = z.output<typeof seasonSchema>;

const presetNames = Object.keys(PRESETS) as [PresetName, ...PresetName[]];

const configSchema = z.strictObject({
  preset: z.enum(presetNames).default("baseline").describe("Named priors and coordinates to start from."),
  components: z.int().min(1).max(MAX_COMPONENTS).optional().describe(
    `Number of Hill curves K, ${DEFAULT_COMPONENTS} unless the preset fixes it.`,
  ),
  coordinates: coordinatesSchema.optional().describe(
    "Coordinates of the sampler; the posterior stays the same.",
  ),
  priors: priorsSchema.partial().default({}).describe("Priors that replace the preset's, each given whole."),
  controls: z.array(z.string().min(1)).default([]).describe(
    "Columns that explain the response too, as --control.",
  ),
  season: seasonSchema.nullable().default(null).describe("Fourier season terms, or null for none."),
});

/** What a configuration may hold; everything is optional. Its output is the whole specification. */
export const specSchema = configSchema.superRefine(({ preset, components }, context) => {
  const fixed = presetOf(preset).components;
  if (fixed !== undefined && components !== undefined && components !== fixed) {
    context.addIssue({
      code: "custom",
      path: ["components"],
      input: components,
      message: `preset "${preset}" has ${fixed} component: leave components out, or choose another preset`,
    });
  }
}).transform(({ preset, components, coordinates, priors, controls, season }): Spec => {
  const named = presetOf(preset);
  return {
    preset,
    components: components ?? named.components ?? DEFAULT_COMPONENTS,
    coordinates: coordinates ?? named.coordinates ?? "non-centred",
    priors: { ...BASELINE_PRIORS, ...named.priors, ...given(priors) },
    controls,
    season,
  };
});

/** A whole model specification, every default filled in; valid input of {@link parseSpec} itself. */
export interface Spec {
  readonly preset: PresetName;
  /** K, 1 to 8. */
  readonly components: number;
  readonly coordinates: Coordinates;
  readonly priors: Priors;
  /** Names of control columns, besides those named on the command line. */
  readonly controls: readonly string[];
  readonly season: Season | null;
}

/** The fields of a record that are there: spreading an explicit undefined would wipe out a default. */
function given(priors: z.output<typeof configSchema>["priors"]): Partial<Priors> {
  return Object.fromEntries(Object.entries(priors).filter(([, prior]) => prior !== undefined));
}

function presetOf(name: PresetName): Preset {
  return PRESETS[name];
}

/**
 * Checks a configuration and fills in the preset's priors.
 *
 * @param json parsed JSON, or options gathered from elsewhere; `{}` is the baseline with three components
 * @param where what to call it in messages: a file name, `--config`
 * @throws InputError with every problem found and its path
 */
export function parseSpec(json: unknown, where: string): Spec {
  const result = specSchema.safeParse(json, { reportInput: true });
  if (result.success) return result.data;
  throw new InputError(schemaProblems(result.error, configSchema, json, where));
}
