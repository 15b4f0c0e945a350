/** The kernel's records of transitions, one after another, as the arrays of a batch. */
import { recordFloats } from "../../kernels/samplers/hmc.ts";
import type { TransitionBatch } from "./ensemble.ts";

/**
 * @param records (transitions, chains, RECORD) as in hmc.wgsl
 * @param leapfrogs (transitions, cohorts)
 */
export function unpackRecords(
  records: Float32Array,
  transitions: number,
  chains: number,
  dim: number,
  leapfrogs: Uint32Array,
): TransitionBatch {
  const rows = transitions * chains, stride = recordFloats(dim);
  const positions = new Float32Array(rows * dim);
  for (let row = 0; row < rows; row++) {
    positions.set(records.subarray(row * stride, row * stride + dim), row * dim);
  }
  const statistic = (field: number) =>
    Float64Array.from({ length: rows }, (_, row) => records[row * stride + dim + field]!);
  return {
    transitions,
    chains,
    dim,
    positions,
    logPrior: statistic(0),
    logLik: statistic(1),
    acceptance: statistic(2),
    energy: statistic(3),
    diverging: Uint8Array.from(statistic(4)),
    cheesGradient: statistic(5),
    leapfrogs,
    replica: Uint32Array.from(statistic(6)),
  };
}
