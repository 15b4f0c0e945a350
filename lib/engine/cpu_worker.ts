/** One Worker of the cpu engine: a contiguous share of an ensemble's chains, advanced in f64 one by one. */
import { type Density, targetDensity } from "../model/target.ts";
import { seedKey } from "../random.ts";
import { type HmcState, initHmc, stepHmc } from "../samplers/hmc.ts";
import { stepNuts } from "../samplers/nuts.ts";
import { leapfrogSchedule } from "../samplers/trajectory.ts";
import type { DrawBatch, EnsembleSpec, Evaluation, NutsBatch, TransitionBatch, Tuning } from "./ensemble.ts";
import { serveCalls, Transfer } from "./rpc.ts";

/** Chains `first .. first + count` of an ensemble. */
interface Share {
  readonly spec: EnsembleSpec;
  readonly first: number;
  readonly count: number;
  readonly densities: Map<number, Density>;
  positions: Float64Array; // (count, D)
  transition: number;
}

const shares = new Map<number, Share>();

serveCalls({
  ensemble(handle: number, spec: EnsembleSpec, first: number, count: number) {
    shares.set(handle, {
      spec,
      first,
      count,
      densities: new Map(),
      positions: new Float64Array(0),
      transition: 0,
    });
  },
  setPositions(handle: number, positions: Float64Array) {
    shares.get(handle)!.positions = positions;
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
  hmc(handle: number, transitions: number, tuning: readonly Tuning[]) {
    const batch = advance(shares.get(handle)!, transitions, tuning);
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

function emptyBatch({ count, positions }: Share, transitions: number) {
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

function advance(share: Share, transitions: number, tuning: readonly Tuning[]): TransitionBatch {
  const { spec, first, count, positions } = share;
  const dim = positions.length / count, key = seedKey(spec.seed);
  const leapfrogs = leapfrogSchedule(tuning, share.transition, transitions);
  const batch = {
    ...emptyBatch(share, transitions),
    cheesGradient: new Float64Array(transitions * count),
    leapfrogs,
  };
  for (let c = 0; c < count; c++) {
    const problem = Math.floor((first + c) / spec.chainsPerProblem);
    const density = densityOf(share, problem), tuned = tuning[problem]!;
    let state: HmcState = initHmc(density, positions.subarray(c * dim, (c + 1) * dim), tuned.beta);
    for (let i = 0; i < transitions; i++) {
      const steps = leapfrogs[i * tuning.length + problem]!;
      const [next, info] = stepHmc(density, state, tuned, key, first + c, share.transition + i, steps);
      state = next;
      const at = i * count + c;
      batch.positions.set(state.position, at * dim);
      batch.logPrior[at] = state.logPrior;
      batch.logLik[at] = state.logLik;
      batch.acceptance[at] = info.acceptance;
      batch.energy[at] = info.energy;
      batch.diverging[at] = info.diverging ? 1 : 0;
      batch.cheesGradient[at] = info.cheesGradient;
    }
    positions.set(state.position, c * dim);
  }
  share.transition += transitions;
  return batch;
}

function advanceNuts(share: Share, transitions: number, tuning: readonly Tuning[]): NutsBatch {
  const { spec, first, count, positions } = share;
  const dim = positions.length / count, key = seedKey(spec.seed);
  const batch = {
    ...emptyBatch(share, transitions),
    treeDepth: new Uint8Array(transitions * count),
    steps: new Uint32Array(transitions * count),
  };
  for (let c = 0; c < count; c++) {
    const problem = Math.floor((first + c) / spec.chainsPerProblem);
    const density = densityOf(share, problem), tuned = tuning[problem]!;
    let state: HmcState = initHmc(density, positions.subarray(c * dim, (c + 1) * dim), tuned.beta);
    for (let i = 0; i < transitions; i++) {
      const [next, info] = stepNuts(density, state, tuned, key, first + c, share.transition + i);
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
  }
  share.transition += transitions;
  return batch;
}
