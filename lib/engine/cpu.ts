/** The `cpu` engine: the f64 reference of every transition, over one Worker per core. */
import { targetDensity } from "../model/target.ts";
import type {
  DrawBatch,
  Engine,
  Ensemble,
  EnsembleSpec,
  Evaluation,
  NutsBatch,
  TransitionBatch,
  Tuning,
} from "./ensemble.ts";
import { RemoteWorker } from "./rpc.ts";

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

/** A Worker and the chains (or positions) `first .. first + count` it has. */
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

async function cpuEnsemble(
  pool: readonly RemoteWorker[],
  spec: EnsembleSpec,
  handle: number,
): Promise<Ensemble> {
  const problems = spec.target.kind === "hill_mixture" ? spec.target.problems.length : 1;
  const chains = problems * spec.chainsPerProblem, dim = targetDensity(spec.target, 0).dim;
  const shares = shareOut(pool, chains);
  const opened = pool.map((worker) => {
    const own = shares.find((share) => share.worker === worker);
    return worker.call<void>("ensemble", [handle, spec, own?.first ?? 0, own?.count ?? 0]);
  });
  await Promise.all(opened);
  return {
    dim,
    problems,
    chains,
    async setPositions(positions: Float64Array) {
      await Promise.all(
        shares.map(({ worker, first, count }) =>
          worker.call("setPositions", [handle, positions.slice(first * dim, (first + count) * dim)])
        ),
      );
    },
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
    async hmc(transitions: number, tuning: readonly Tuning[]): Promise<TransitionBatch> {
      return joinHmc(
        await Promise.all(
          shares.map(({ worker }) => worker.call<TransitionBatch>("hmc", [handle, transitions, tuning])),
        ),
      );
    },
    async nuts(transitions: number, tuning: readonly Tuning[]): Promise<NutsBatch> {
      return joinNuts(
        await Promise.all(
          shares.map(({ worker }) => worker.call<NutsBatch>("nuts", [handle, transitions, tuning])),
        ),
      );
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

/** Statistics of some chains each, (transitions, own chains, `each`), as one array of all chains. */
function interleave<P extends DrawBatch, A extends Float64Array | Uint32Array | Uint8Array>(
  parts: readonly P[],
  pick: (part: P) => A,
  into: A,
  each = 1,
): A {
  const chains = parts.reduce((sum, part) => sum + part.chains, 0);
  let first = 0;
  for (const part of parts) {
    const own = part.chains * each;
    for (let i = 0; i < part.transitions; i++) {
      into.set(pick(part).subarray(i * own, (i + 1) * own), (i * chains + first) * each);
    }
    first += part.chains;
  }
  return into;
}

/** What every kind of batch has, of all chains. */
function joinDraws(parts: readonly DrawBatch[]): DrawBatch {
  const { transitions, dim } = parts[0]!, chains = parts.reduce((sum, part) => sum + part.chains, 0);
  const rows = transitions * chains;
  const statistic = (pick: (part: DrawBatch) => Float64Array) =>
    interleave(parts, pick, new Float64Array(rows));
  return {
    transitions,
    chains,
    dim,
    positions: interleave(parts, (part) => part.positions as Float64Array, new Float64Array(rows * dim), dim),
    logPrior: statistic((part) => part.logPrior),
    logLik: statistic((part) => part.logLik),
    acceptance: statistic((part) => part.acceptance),
    energy: statistic((part) => part.energy),
    diverging: interleave(parts, (part) => part.diverging, new Uint8Array(rows)),
  };
}

function joinHmc(parts: readonly TransitionBatch[]): TransitionBatch {
  const draws = joinDraws(parts), rows = draws.transitions * draws.chains;
  const cheesGradient = interleave(parts, (part) => part.cheesGradient, new Float64Array(rows));
  return { ...draws, cheesGradient, leapfrogs: parts[0]!.leapfrogs };
}

function joinNuts(parts: readonly NutsBatch[]): NutsBatch {
  const draws = joinDraws(parts), rows = draws.transitions * draws.chains;
  return {
    ...draws,
    treeDepth: interleave(parts, (part) => part.treeDepth, new Uint8Array(rows)),
    steps: interleave(parts, (part) => part.steps, new Uint32Array(rows)),
  };
}
