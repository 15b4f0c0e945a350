/** The `cpu` engine: the f64 reference of every transition, over one Worker per core. */
import { targetDensity } from "../model/target.ts";
import type { Engine, Ensemble, EnsembleSpec, Evaluation, TransitionBatch, Tuning } from "./ensemble.ts";
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
      const parts = await Promise.all(
        shares.map(({ worker }) => worker.call<TransitionBatch>("hmc", [handle, transitions, tuning])),
      );
      return interleave(parts, transitions, chains, dim);
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

/** Batches of some chains each, (transitions, own chains, ..), as one batch of all chains. */
function interleave(
  parts: readonly TransitionBatch[],
  transitions: number,
  chains: number,
  dim: number,
): TransitionBatch {
  const lay = <A extends Float64Array | Uint8Array>(
    into: A,
    pick: (part: TransitionBatch) => A,
    each: number,
  ): A => {
    for (let i = 0; i < transitions; i++) {
      let first = 0;
      for (const part of parts) {
        const own = part.chains * each;
        into.set(pick(part).subarray(i * own, (i + 1) * own), (i * chains + first) * each);
        first += part.chains;
      }
    }
    return into;
  };
  const statistic = (pick: (part: TransitionBatch) => Float64Array) =>
    lay(new Float64Array(transitions * chains), pick, 1);
  return {
    transitions,
    chains,
    dim,
    positions: lay(
      new Float64Array(transitions * chains * dim),
      (part) => part.positions as Float64Array,
      dim,
    ),
    logPrior: statistic((part) => part.logPrior),
    logLik: statistic((part) => part.logLik),
    acceptance: statistic((part) => part.acceptance),
    energy: statistic((part) => part.energy),
    diverging: lay(new Uint8Array(transitions * chains), (part) => part.diverging, 1),
    cheesGradient: statistic((part) => part.cheesGradient),
    leapfrogs: parts[0]!.leapfrogs,
  };
}
