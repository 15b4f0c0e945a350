/** Modes of a posterior before any ladder is laid: searched for, explored, weighed. */
import { logSumExp } from "../diagnostics/numeric.ts";
import type { Engine, TargetSpec } from "../engine/ensemble.ts";
import type { RandomStream } from "../random.ts";
import { exploreModes, type Mode } from "./explore_modes.ts";
import { logMembership } from "./mode_jump.ts";
import { searchModes, type Summit } from "./mode_search.ts";
import { prepareModes, shortfalls, type TemperedMode } from "./temper_modes.ts";

/** Modes explored at most, and how far below the best they may lie before, in nats of Laplace's evidence, and after. */
const MOST_MODES = 16, WORST = 12, LIGHTEST = 9;

export interface FoundModes {
  /** Heaviest first, at least one. */
  readonly modes: readonly TemperedMode[];
  /** Ascents of the search. */
  readonly ascents: number;
  readonly gradients: number;
}

/**
 * Finds the modes of one problem.
 *
 * @param prior an exact prior draw, (D)
 * @param ascents see {@link searchModes}
 * @returns undefined where ascents end nowhere that has a volume
 * @throws the signal's reason when aborted
 */
export async function findModes(
  engine: Engine,
  target: TargetSpec,
  prior: (stream: RandomStream) => Float64Array,
  seed: number,
  ascents: number,
  onRound: (ended: number) => void = () => {},
  signal?: AbortSignal,
): Promise<FoundModes | undefined> {
  const ensemble = await engine.ensemble({ target, chainsPerProblem: 1, seed });
  try {
    const search = await searchModes(ensemble, prior, seed, ascents, onRound, signal);
    const summits = await prepareModes(ensemble, search.summits.map(asMode));
    const likely = nearest(summits, WORST).map((m) => search.summits[m]!);
    if (likely.length === 0) return undefined;
    const explored = await exploreModes(engine, target, likely, seed, signal);
    const modes = await prepareModes(ensemble, explored.modes), kept = nearest(modes, LIGHTEST);
    if (kept.length === 0) return undefined;
    const gradients = search.gradients + explored.gradients;
    return { modes: kept.map((m) => modes[m]!), ascents: search.ascents, gradients };
  } finally {
    await ensemble.close();
  }
}

/** A top taken for the one draw of its mode. */
const asMode = ({ top, normal, logEvidence, ascents }: Summit): Mode => (
  { fit: normal, logEvidence, error: 0, ascents, draws: top.position }
);

/** The modes that are not far below the best at every inverse temperature, as they come. @param most nats below */
function nearest(modes: readonly TemperedMode[], most: number): number[] {
  const below = shortfalls(modes), near = [...modes.keys()].filter((m) => below[m]! <= most);
  return near.sort((a, b) => below[a]! - below[b]!).slice(0, MOST_MODES).sort((a, b) => a - b);
}

/** What found modes amount to. */
export interface Balance {
  /** Log evidence of all of them together, and its standard error. */
  readonly logEvidence: number;
  readonly error: number;
  /** Share of each in it, and its standard error, (modes). */
  readonly weights: readonly number[];
  readonly weightErrors: readonly number[];
}

/** Sums up what bridge sampling said of every mode. */
export function balance(modes: readonly TemperedMode[]): Balance {
  const logs = Float64Array.from(modes, ({ mode }) => mode.logEvidence), logEvidence = logSumExp(logs);
  const weights = [...logs.map((log) => Math.exp(log - logEvidence))];
  const errors = modes.map(({ mode }, m) => weights[m]! * mode.error);
  const error = Math.hypot(...errors);
  const weightErrors = weights.map((weight, m) => {
    const others = Math.sqrt(Math.max(0, error ** 2 - errors[m]! ** 2));
    return Math.hypot((1 - weight) * errors[m]!, weight * others);
  });
  return { logEvidence, error, weights, weightErrors };
}

/** Which of the modes each position, (n, D), is most likely in. */
export function modesOf(modes: readonly TemperedMode[], positions: Float64Array): number[] {
  const fits = modes.map(({ mode }) => mode.fit), dim = fits[0]!.mean.length;
  const logWeights = Float64Array.from(modes, ({ mode }) => mode.logEvidence);
  return Array.from({ length: positions.length / dim }, (_, row) => {
    const membership = logMembership({ fits, logWeights }, positions, row * dim);
    return membership.indexOf(Math.max(...membership));
  });
}
