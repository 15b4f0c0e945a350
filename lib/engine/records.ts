/** The kernels' records of transitions, one after another, as the arrays of a batch. */
import { recordFloats } from "../../kernels/samplers/hmc.ts";
import { NUTS_STATISTICS } from "../../kernels/samplers/nuts.ts";
import type { NutsBatch, TransitionBatch } from "./ensemble.ts";

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
  const { statistic, common } = unpack(records, transitions, chains, dim, recordFloats(dim));
  return { ...common, cheesGradient: statistic(5), leapfrogs, replica: Uint32Array.from(statistic(6)) };
}

/** @param records (transitions, chains, RECORD) as in nuts.wgsl */
export function unpackNutsRecords(
  records: Float32Array,
  transitions: number,
  chains: number,
  dim: number,
): NutsBatch {
  const { statistic, common } = unpack(records, transitions, chains, dim, dim + NUTS_STATISTICS);
  return {
    ...common,
    treeDepth: Uint8Array.from(statistic(5)),
    steps: Uint32Array.from(statistic(6)),
  };
}

/** A record is a position and then statistics, of which the first five are the same in both kernels. */
function unpack(
  records: Float32Array,
  transitions: number,
  chains: number,
  dim: number,
  stride: number,
) {
  const rows = transitions * chains;
  const positions = new Float32Array(rows * dim);
  for (let row = 0; row < rows; row++) {
    positions.set(records.subarray(row * stride, row * stride + dim), row * dim);
  }
  const statistic = (index: number) =>
    Float64Array.from({ length: rows }, (_, row) => records[row * stride + dim + index]!);
  const common = {
    transitions,
    chains,
    dim,
    positions,
    logPrior: statistic(0),
    logLik: statistic(1),
    acceptance: statistic(2),
    energy: statistic(3),
    diverging: Uint8Array.from(statistic(4)),
  };
  return { statistic, common };
}
