/** The `cpu` engine: the f64 reference of every transition, over one Worker per core. */
import { targetDensity } from "../model/target.ts";
import {
  type DrawBatch,
  type Engine,
  type Ensemble,
  type EnsembleSpec,
  type EnsembleState,
  type Evaluation,
  type NutsBatch,
  problemsOf,
  type TransitionBatch,
  type Tuning,
} from "./ensemble.ts";
import { RemoteWorker } from "./rpc.ts";
import { Whereabouts } from "./whereabouts.ts";

/**
 * Starts the Workers.
 *
 * @param workers how many; by default one per core
 */
export function openCpu(workers = navigator.hardwareConcurrency): Engine {
  const script = new URL("./cpu_worker.ts", import.meta.url);
  const pool = Array.from({ length: workers }, (_, i) => new RemoteWorker(script, `cpu ${i + 1}`));
  let handles = 0;
  return {
    name: "cpu",
    adapter: `processor, ${workers} ${workers === 1 ? "worker" : "workers"}`,
    software: false,
    ensemble: (spec) => cpuEnsemble(pool, spec, handles++),
    close() {
      for (const worker of pool) worker.terminate();
      return Promise.resolve();
    },
  };
}

/** A Worker and what it has: `first .. first + count` of chains, positions or ladders. */
interface Share {
  readonly worker: RemoteWorker;
  readonly first: number;
  readonly count: number;
}

/** Contiguous shares of `total`, as equal as can be; none is empty. */
function shareOut(pool: readonly RemoteWorker[], total: number): Share[] {
  const bounds = pool.map((_, i) => Math.floor(i * total / pool.length)).concat(total);
  return pool.map((worker, i) => ({ worker, first: bounds[i]!, count: bounds[i + 1]! - bounds[i]! }))
    .filter(({ count }) => count > 0);
}

/** A Worker and the chains of an ensemble that it advances. */
interface Crew {
  readonly worker: RemoteWorker;
  readonly chains: Uint32Array;
}

/** Chains in equal shares; where chains swap, whole ladders. */
function crews(
  pool: readonly RemoteWorker[],
  { rungs = 1, chainsPerProblem: each }: EnsembleSpec,
  chains: number,
): Crew[] {
  const ladders = chains / rungs;
  return shareOut(pool, ladders).map(({ worker, first, count }) => ({
    worker,
    chains: Uint32Array.from({ length: count * rungs }, (_, i) => {
      const ladder = first + Math.floor(i / rungs), problem = Math.floor(ladder / each);
      return (problem * rungs + i % rungs) * each + ladder % each;
    }),
  }));
}

async function cpuEnsemble(
  pool: readonly RemoteWorker[],
  spec: EnsembleSpec,
  handle: number,
): Promise<Ensemble> {
  const problems = problemsOf(spec.target), dim = targetDensity(spec.target, 0).dim;
  const chains = problems * (spec.rungs ?? 1) * spec.chainsPerProblem;
  const parts = crews(pool, spec, chains);
  const opened = pool.map((worker) => {
    const own = parts.find((crew) => crew.worker === worker);
    return worker.call<void>("ensemble", [handle, spec, own?.chains ?? new Uint32Array(0)]);
  });
  await Promise.all(opened);
  const whereabouts = new Whereabouts(chains);
  const place = async (positions: Float64Array, replica?: Uint32Array, transition?: number) => {
    await Promise.all(
      parts.map(({ worker, chains: own }) => {
        const some = new Float64Array(own.length * dim);
        own.forEach((c, i) => some.set(positions.subarray(c * dim, (c + 1) * dim), i * dim));
        return worker.call("setPositions", [
          handle,
          some,
          replica && own.map((c) => replica[c]!),
          transition,
        ]);
      }),
    );
    whereabouts.placed(positions, replica, transition);
  };
  return {
    dim,
    problems,
    chains,
    setPositions: (positions: Float64Array, replica?: Uint32Array) => place(positions, replica),
    state: () => whereabouts.state,
    restore: ({ positions, replica, transition }: EnsembleState) => place(positions, replica, transition),
    async evaluate(positions: Float64Array, beta = 1): Promise<Evaluation> {
      const count = positions.length / dim, perProblem = count / problems;
      const parts = await Promise.all(
        shareOut(pool, count).map(({ worker, first, count: own }) => {
          const which = Uint32Array.from({ length: own }, (_, i) => Math.floor((first + i) / perProblem));
          const some = positions.slice(first * dim, (first + own) * dim);
          return worker.call<Evaluation>("evaluate", [handle, some, which, beta]);
        }),
      );
      const join = (pick: (part: Evaluation) => Float64Array) => concat(parts.map(pick));
      return {
        logPrior: join((part) => part.logPrior),
        logLik: join((part) => part.logLik),
        gradient: join((part) => part.gradient),
      };
    },
    async hmc(
      transitions: number,
      tuning: readonly Tuning[],
      reference?: Float64Array,
    ): Promise<TransitionBatch> {
      const batches = await Promise.all(
        parts.map(({ worker }) =>
          worker.call<TransitionBatch>("hmc", [handle, transitions, tuning, reference])
        ),
      );
      const batch = joinHmc(batches, parts.map((crew) => crew.chains));
      whereabouts.moved(batch);
      return batch;
    },
    async nuts(transitions: number, tuning: readonly Tuning[]): Promise<NutsBatch> {
      const batches = await Promise.all(
        parts.map(({ worker }) => worker.call<NutsBatch>("nuts", [handle, transitions, tuning])),
      );
      const batch = joinNuts(batches, parts.map((crew) => crew.chains));
      whereabouts.moved(batch);
      return batch;
    },
    async close() {
      await Promise.all(pool.map((worker) => worker.call("closeEnsemble", [handle])));
    },
  };
}

function concat(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * Statistics of some chains each, (transitions, own chains, `each`), as one array of all chains.
 *
 * @param owned the chains of each part
 */
function interleave<P extends DrawBatch, A extends Float64Array | Uint32Array | Uint8Array>(
  parts: readonly P[],
  owned: readonly Uint32Array[],
  pick: (part: P) => A,
  into: A,
  each = 1,
): A {
  const chains = owned.reduce((sum, { length }) => sum + length, 0);
  parts.forEach((part, p) => {
    const from = pick(part), own = owned[p]!;
    for (let i = 0; i < part.transitions; i++) {
      own.forEach((c, at) => {
        const row = i * own.length + at;
        into.set(from.subarray(row * each, (row + 1) * each), (i * chains + c) * each);
      });
    }
  });
  return into;
}

/** What every kind of batch has, of all chains. */
function joinDraws(parts: readonly DrawBatch[], owned: readonly Uint32Array[]): DrawBatch {
  const { transitions, dim } = parts[0]!, chains = owned.reduce((sum, { length }) => sum + length, 0);
  const rows = transitions * chains;
  const statistic = (pick: (part: DrawBatch) => Float64Array) =>
    interleave(parts, owned, pick, new Float64Array(rows));
  const positions = new Float64Array(rows * dim);
  return {
    transitions,
    chains,
    dim,
    positions: interleave(parts, owned, (part) => part.positions as Float64Array, positions, dim),
    logPrior: statistic((part) => part.logPrior),
    logLik: statistic((part) => part.logLik),
    acceptance: statistic((part) => part.acceptance),
    energy: statistic((part) => part.energy),
    diverging: interleave(parts, owned, (part) => part.diverging, new Uint8Array(rows)),
  };
}

function joinHmc(parts: readonly TransitionBatch[], owned: readonly Uint32Array[]): TransitionBatch {
  const draws = joinDraws(parts, owned), rows = draws.transitions * draws.chains;
  return {
    ...draws,
    cheesGradient: interleave(parts, owned, (part) => part.cheesGradient, new Float64Array(rows)),
    leapfrogs: parts[0]!.leapfrogs,
    replica: interleave(parts, owned, (part) => part.replica, new Uint32Array(rows)),
  };
}

function joinNuts(parts: readonly NutsBatch[], owned: readonly Uint32Array[]): NutsBatch {
  const draws = joinDraws(parts, owned), rows = draws.transitions * draws.chains;
  return {
    ...draws,
    treeDepth: interleave(parts, owned, (part) => part.treeDepth, new Uint8Array(rows)),
    steps: interleave(parts, owned, (part) => part.steps, new Uint32Array(rows)),
  };
}
