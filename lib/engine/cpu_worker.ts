/** One Worker of the cpu engine: a share of an ensemble's chains, whole ladders where they swap, advanced in f64. */
import { type Density, targetDensity } from "../model/target.ts";
import { seedKey } from "../random.ts";
import { type HmcInfo, type HmcState, initHmc, stepHmc } from "../samplers/hmc.ts";
import { stepNuts } from "../samplers/nuts.ts";
import { swaps } from "../samplers/swap.ts";
import { leapfrogSchedule } from "../samplers/trajectory.ts";
import type { DrawBatch, EnsembleSpec, Evaluation, NutsBatch, TransitionBatch, Tuning } from "./ensemble.ts";
import { serveCalls, Transfer } from "./rpc.ts";

interface Share {
  readonly spec: EnsembleSpec;
  /** Which of the ensemble's chains; the rungs of a ladder follow one another. */
  readonly chains: Uint32Array;
  readonly densities: Map<number, Density>;
  positions: Float64Array; // (own chains, D)
  /** Which replica each chain has, (own chains). */
  replica: Uint32Array;
  transition: number;
}

const shares = new Map<number, Share>();

serveCalls({
  ensemble(handle: number, spec: EnsembleSpec, chains: Uint32Array) {
    shares.set(handle, {
      spec,
      chains,
      densities: new Map(),
      positions: new Float64Array(0),
      replica: chains.slice(),
      transition: 0,
    });
  },
  setPositions(handle: number, positions: Float64Array, replica?: Uint32Array, transition?: number) {
    const share = shares.get(handle)!;
    share.transition = transition ?? share.transition;
    share.positions = positions;
    share.replica = replica ?? share.chains.slice();
  },
  /** @param problems the problem of each position */
  evaluate(handle: number, positions: Float64Array, problems: Uint32Array, beta: number) {
    const share = shares.get(handle)!, count = problems.length;
    const result: Evaluation = {
      logPrior: new Float64Array(count),
      logLik: new Float64Array(count),
      gradient: new Float64Array(positions.length),
    };
    problems.forEach((problem, i) => {
      const density = densityOf(share, problem);
      density.evaluate(positions, i * density.dim, beta, result.gradient, i * density.dim);
      result.logPrior[i] = density.logPrior;
      result.logLik[i] = density.logLik;
    });
    return new Transfer(result, Object.values(result).map(({ buffer }) => buffer));
  },
  hmc(handle: number, transitions: number, tuning: readonly Tuning[], reference?: Float64Array) {
    const batch = advance(shares.get(handle)!, transitions, tuning, reference);
    const arrays = Object.values(batch).filter(ArrayBuffer.isView);
    return new Transfer(batch, arrays.map(({ buffer }) => buffer as ArrayBuffer));
  },
  nuts(handle: number, transitions: number, tuning: readonly Tuning[]) {
    const batch = advanceNuts(shares.get(handle)!, transitions, tuning);
    const arrays = Object.values(batch).filter(ArrayBuffer.isView);
    return new Transfer(batch, arrays.map(({ buffer }) => buffer as ArrayBuffer));
  },
  closeEnsemble(handle: number) {
    shares.delete(handle);
  },
});

function densityOf({ spec, densities }: Share, problem: number): Density {
  const known = densities.get(problem) ?? targetDensity(spec.target, problem);
  densities.set(problem, known);
  return known;
}

function emptyBatch({ chains: { length: count }, positions }: Share, transitions: number) {
  const statistics = () => new Float64Array(transitions * count);
  return {
    transitions,
    chains: count,
    dim: positions.length / count,
    positions: new Float64Array(transitions * positions.length),
    logPrior: statistics(),
    logLik: statistics(),
    acceptance: statistics(),
    energy: statistics(),
    diverging: new Uint8Array(transitions * count),
  } satisfies DrawBatch;
}

function advance(
  share: Share,
  transitions: number,
  tuning: readonly Tuning[],
  reference: Float64Array | undefined,
): TransitionBatch {
  const { spec, chains: own, positions } = share, count = own.length, { rungs } = spec;
  const dim = positions.length / count, key = seedKey(spec.seed);
  const leapfrogs = leapfrogSchedule(tuning, share.transition, transitions);
  const batch = {
    ...emptyBatch(share, transitions),
    cheesGradient: new Float64Array(transitions * count),
    leapfrogs,
    replica: new Uint32Array(transitions * count),
  };
  const record = (i: number, c: number, state: HmcState, info: HmcInfo | undefined) => {
    const at = i * count + c;
    batch.positions.set(state.position, at * dim);
    batch.logPrior[at] = state.logPrior;
    batch.logLik[at] = state.logLik;
    batch.acceptance[at] = info?.acceptance ?? 1;
    batch.energy[at] = info?.energy ?? 0;
    batch.diverging[at] = info?.diverging ? 1 : 0;
    batch.cheesGradient[at] = info?.cheesGradient ?? 0;
    batch.replica[at] = share.replica[c]!;
  };
  const together = rungs ?? 1; // chains that depend on each other
  for (let first = 0; first < count; first += together) {
    const ladder = own.subarray(first, first + together);
    const states = Array.from(ladder, (chain, rung) => {
      const cohort = Math.floor(chain / spec.chainsPerProblem), c = first + rung;
      const density = densityOf(share, Math.floor(cohort / together));
      return initHmc(density, positions.subarray(c * dim, (c + 1) * dim), tuning[cohort]!.beta);
    });
    for (let i = 0; i < transitions; i++) {
      const counter = share.transition + i;
      if (rungs !== undefined) exchange(share, states, first, tuning, key, counter);
      ladder.forEach((chain, rung) => {
        const cohort = Math.floor(chain / spec.chainsPerProblem), problem = Math.floor(cohort / together);
        const density = densityOf(share, problem), tuned = tuning[cohort]!;
        if (rungs !== undefined && rung === rungs - 1) {
          const row = (i * tuning.length / rungs + problem) * spec.chainsPerProblem +
            chain % spec.chainsPerProblem;
          states[rung] = initHmc(density, reference!.subarray(row * dim, (row + 1) * dim), tuned.beta);
          record(i, first + rung, states[rung], undefined);
          return;
        }
        // The inverse temperature may be a new one since the last swap.
        const start = rungs === undefined
          ? states[rung]!
          : initHmc(density, states[rung]!.position, tuned.beta);
        const steps = leapfrogs[i * tuning.length + cohort]!;
        const [next, info] = stepHmc(density, start, tuned, key, chain, counter, steps);
        states[rung] = next;
        record(i, first + rung, next, info);
      });
    }
    states.forEach(({ position }, rung) => positions.set(position, (first + rung) * dim));
  }
  share.transition += transitions;
  return batch;
}

/** Swaps neighbours of the ladder whose chains start at `first`. */
function exchange(
  { spec, chains, replica }: Share,
  states: HmcState[],
  first: number,
  tuning: readonly Tuning[],
  key: readonly [number, number],
  counter: number,
): void {
  for (let rung = counter % 2; rung + 1 < states.length; rung += 2) {
    const chain = chains[first + rung]!, cohort = Math.floor(chain / spec.chainsPerProblem);
    const cold = { beta: tuning[cohort]!.beta, logLik: states[rung]!.logLik };
    const hot = { beta: tuning[cohort + 1]!.beta, logLik: states[rung + 1]!.logLik };
    if (!swaps(cold, hot, key, chain, counter)) continue;
    [states[rung], states[rung + 1]] = [states[rung + 1]!, states[rung]!];
    const at = first + rung;
    [replica[at], replica[at + 1]] = [replica[at + 1]!, replica[at]!];
  }
}

function advanceNuts(share: Share, transitions: number, tuning: readonly Tuning[]): NutsBatch {
  const { spec, chains: own, positions } = share, count = own.length;
  const dim = positions.length / count, key = seedKey(spec.seed);
  const batch = {
    ...emptyBatch(share, transitions),
    treeDepth: new Uint8Array(transitions * count),
    steps: new Uint32Array(transitions * count),
  };
  own.forEach((chain, c) => {
    const problem = Math.floor(chain / spec.chainsPerProblem);
    const density = densityOf(share, problem), tuned = tuning[problem]!;
    let state: HmcState = initHmc(density, positions.subarray(c * dim, (c + 1) * dim), tuned.beta);
    for (let i = 0; i < transitions; i++) {
      const [next, info] = stepNuts(density, state, tuned, key, chain, share.transition + i);
      state = next;
      const at = i * count + c;
      batch.positions.set(state.position, at * dim);
      batch.logPrior[at] = state.logPrior;
      batch.logLik[at] = state.logLik;
      batch.acceptance[at] = info.acceptance_rate;
      batch.energy[at] = info.energy;
      batch.diverging[at] = info.diverging ? 1 : 0;
      batch.treeDepth[at] = info.tree_depth;
      batch.steps[at] = info.n_steps;
    }
    positions.set(state.position, c * dim);
  });
  share.transition += transitions;
  return batch;
}
