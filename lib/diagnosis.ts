/** All that is computed of a sample once it is drawn, in a Worker of its own: progress and Ctrl-C go on meanwhile. */
import { businessDraws, summariseBusiness } from "./business.ts";
import type { Split } from "./data/series.ts";
import { RemoteWorker } from "./engine/rpc.ts";
import { judge, type Judged } from "./judge.ts";
import type { Sampled } from "./methods/method.ts";
import type { HillProblem } from "./model/problem.ts";
import { type Scores, scoresOf } from "./posterior.ts";
import type { BusinessReport } from "./runs/business.ts";

/** A sample and what it is judged by. */
export interface Case extends Split {
  readonly problem: HillProblem;
  readonly sampled: Sampled;
  readonly seed: number;
}

export interface Diagnosis extends Judged {
  readonly scores: Scores;
  readonly business: BusinessReport;
}

/** Computes it here and now. */
export function diagnose({ problem, sampled, train, holdout, seed }: Case): Diagnosis {
  const judged = judge(problem, sampled, Math.max(...train.spend));
  const media = businessDraws(judged.draws, problem.layout.components, train.spend);
  return {
    ...judged,
    scores: scoresOf(problem, sampled.sample, holdout, seed),
    business: summariseBusiness(media, train),
  };
}

/**
 * Computes it in a Worker, which takes the sample's arrays over.
 *
 * @param signal ends the work at once; where it has ended the sampling, what was drawn is still to be judged
 * @throws the signal's reason
 */
export async function diagnoseAside(subject: Case, signal?: AbortSignal): Promise<Diagnosis> {
  if (signal?.aborted === true && !subject.sampled.interrupted) throw signal.reason;
  const { positions, logDensity, logLik, energy } = subject.sampled.sample;
  const worker = new RemoteWorker(new URL("./diagnosis_worker.ts", import.meta.url), "diagnostics");
  const stopped = Promise.withResolvers<never>();
  const onAbort = () => stopped.reject(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  try {
    const buffers = new Set(
      [positions, logDensity, logLik, energy].map(({ buffer }) => buffer as ArrayBuffer),
    );
    return await Promise.race([worker.call<Diagnosis>("diagnose", [subject], [...buffers]), stopped.promise]);
  } finally {
    signal?.removeEventListener("abort", onAbort);
    worker.terminate();
  }
}
