/**
 * Every sampler side by side on the same data and model: hillmix's methods, Stan and NumPyro, one after another on
 * the same machine. A run has figures only when its density is hillmix's, its chains agree and its means are those
 * of the tempered run, which finds every mode.
 */
import type { Process } from "../../lib/data/simulate.ts";
import { type MethodName, METHODS } from "../../lib/fit_types.ts";
import { formatCount, formatFixed, formatLarge, formatNumber } from "../../lib/report/format.ts";
import { type BenchContext, type Benchmark, type Subject, tableLine, times } from "./benchmark.ts";
import { numpyroFit, stanFit } from "./peer_fit.ts";
import {
  disagreement,
  gate,
  largestRhat,
  LONG,
  type Run,
  runMethod,
  smallestEss,
  type Speed,
  speedOf,
} from "./run.ts";
import { simulatedSeries } from "./support.ts";

/** The reference first. */
const OURS = ["tempered", "chees", "nuts", "auto"].filter((name): name is MethodName => name in METHODS);
const PEERS = { Stan: stanFit, NumPyro: numpyroFit };
const SEED = 1;

interface Simulated {
  readonly process: Process;
  readonly components: number;
  /** What this project aims at there, on four cores. */
  readonly target?: string;
}

const SIMULATED: readonly Simulated[] = [
  { process: "single", components: 3 },
  {
    process: "mixture_k2",
    components: 2,
    target: "Target: nuts with 1.3x Stan's gradients per draw or fewer.",
  },
  {
    process: "mixture_k3",
    components: 3,
    target: "Target: tempered at 100 effective draws per second of sampling and 400x Stan's.",
  },
];
/** Of {@link SIMULATED}, for a quick look. */
const QUICK: Process = "mixture_k2";

/** One sampler's line. Null: not known, or not shown because the gate is closed. */
export interface PeersRow {
  readonly name: string;
  /** Of the peer's programs; null of an absent one. */
  readonly version: string | null;
  /** Why there are no figures. */
  readonly closed: string | null;
  readonly max_rhat: number | null;
  readonly min_ess_bulk: number | null;
  readonly setup_s: number | null;
  readonly warmup_s: number | null;
  readonly sampling_s: number | null;
  /** Warm-up included. */
  readonly gradients: number | null;
  readonly speed: Speed | null;
}

/** One of ours over one of the peers. */
export interface PeersRatio {
  readonly name: string;
  readonly peer: string;
  /**
   * Whether the peer's gate is closed. Its draws then count for less than their ESS, so that the ratios of speeds
   * are at least, and those of gradients at most, what is said.
   */
  readonly bound: boolean;
  readonly ess_per_sampling_s: number;
  readonly ess_per_s: number;
  readonly gradients_per_draw: number;
}

/** All samplers on one series. */
export interface PeersFigures {
  readonly data: string;
  readonly components: number;
  readonly rows: readonly PeersRow[];
  readonly ratios: readonly PeersRatio[];
}

export const peers: Benchmark = {
  title: "Every sampler side by side; seconds without set-up, ESS in bulk and of the worst quantity",
  async run({ quick, write, subject }): Promise<PeersFigures[]> {
    if (subject !== undefined) return [await sideBySide(subject, write)];
    const figures: PeersFigures[] = [];
    for (const { process, components, target } of SIMULATED) {
      if (quick && process !== QUICK) continue;
      figures.push(await sideBySide({ series: await simulatedSeries(process), components }, write));
      if (target !== undefined) write(`${target}\n`);
    }
    return figures;
  },
};

const HEADINGS = [
  "set-up",
  "warm-up",
  "sampling",
  "gradients",
  "R-hat",
  "ESS",
  "/s sampling",
  "/s",
  "grad/ESS",
];
const WIDTHS = [10, 7, 8, 9, 10, 6, 7, 11, 7, 9];

async function sideBySide(
  { series, components }: Subject,
  write: BenchContext["write"],
): Promise<PeersFigures> {
  write(`\n${series.name}, T=${series.response.length} K=${components}\n`);
  write(tableLine(["", ...HEADINGS], WIDTHS));
  const rows: PeersRow[] = [], runs: Run[] = [];
  const show = (row: PeersRow) => {
    rows.push(row);
    write(tableLine(cellsOf(row), WIDTHS));
    if (row.closed !== null) write(`  no figures: ${row.closed}\n`);
  };
  for (const method of OURS) {
    const draws = LONG[method] ?? METHODS[method].draws;
    const run = await runMethod({ series, components, seed: SEED, engine: "webgpu", method, draws });
    runs.push(run);
    show(rowOf(run, runs[0]));
  }
  const ratios: PeersRatio[] = [];
  for (const [name, fit] of Object.entries(PEERS)) {
    const { value: run, why } = await fit({ series, components, seed: SEED });
    if (run === undefined) {
      show(absentRow(name, why));
      continue;
    }
    show(rowOf(run, runs[0]));
    ratios.push(...runs.flatMap((ours) => ratioOf(ours, run, runs[0]) ?? []));
  }
  write(`(${rows.flatMap(({ version }) => version ?? []).filter(isFirst).join("; ")})\n`);
  if (ratios.length > 0) write(ratioTable(ratios));
  return { data: series.name, components, rows, ratios };
}

/** @param reference the tempered run, which may be this one */
export function rowOf(run: Run, reference: Run): PeersRow {
  const closed = gate(run, run === reference ? undefined : reference), open = closed === null;
  const shown = (value: number | null) => open ? value : null;
  return {
    name: run.name,
    version: run.version,
    closed,
    max_rhat: largestRhat(run).value,
    min_ess_bulk: smallestEss(run).value,
    setup_s: shown(run.setup_s),
    warmup_s: shown(run.warmup_s),
    sampling_s: shown(run.sampling_s),
    gradients: shown(run.warmup_gradients + run.sampling_gradients),
    speed: open ? speedOf(run) : null,
  };
}

/** Line of a peer that gave no answer. */
export function absentRow(name: string, why: string): PeersRow {
  return {
    name,
    version: null,
    closed: why,
    max_rhat: null,
    min_ess_bulk: null,
    setup_s: null,
    warmup_s: null,
    sampling_s: null,
    gradients: null,
    speed: null,
  };
}

/**
 * One of ours over a peer; null when our gate is closed, or when the peer's run is faulty or has converged to
 * something else, so that what its draws count for says nothing.
 */
export function ratioOf(ours: Run, peer: Run, reference: Run): PeersRatio | null {
  if (gate(ours, ours === reference ? undefined : reference) !== null || peer.fault !== null) return null;
  const bound = gate(peer) !== null;
  if (!bound && disagreement(peer, reference) !== null) return null;
  const own = speedOf(ours), theirs = speedOf(peer);
  return {
    name: ours.name,
    peer: peer.name,
    bound,
    ess_per_sampling_s: own.ess_per_sampling_s / theirs.ess_per_sampling_s,
    ess_per_s: own.ess_per_s / theirs.ess_per_s,
    gradients_per_draw: own.gradients_per_draw / theirs.gradients_per_draw,
  };
}

const isFirst = <T>(item: T, index: number, items: readonly T[]): boolean => items.indexOf(item) === index;

function cellsOf(row: PeersRow): string[] {
  const { setup_s, warmup_s, sampling_s, gradients, max_rhat, min_ess_bulk, speed } = row;
  return [
    row.name,
    ...[setup_s, warmup_s, sampling_s].map((value) => formatFixed(value ?? NaN, 1)),
    formatLarge(gradients ?? NaN),
    formatFixed(max_rhat ?? NaN, 3),
    formatCount(min_ess_bulk ?? NaN),
    formatNumber(speed?.ess_per_sampling_s ?? NaN),
    formatNumber(speed?.ess_per_s ?? NaN),
    formatNumber(speed?.gradients_per_draw ?? NaN),
  ];
}

function ratioTable(ratios: readonly PeersRatio[]): string {
  const widths = [22, 13, 10, 10];
  const lines = ratios.map(({ name, peer, bound, ess_per_sampling_s, ess_per_s, gradients_per_draw }) =>
    tableLine([
      `${name} / ${peer}`,
      (bound ? ">" : "") + times(ess_per_sampling_s),
      (bound ? ">" : "") + times(ess_per_s),
      (bound ? "<" : "") + times(gradients_per_draw),
    ], widths)
  );
  const note = ratios.some(({ bound }) => bound)
    ? "> and <: against a peer whose chains disagree, and whose draws count for less than their ESS says.\n"
    : "";
  return tableLine(["", "ESS/s sampling", "ESS/s", "grad/ESS"], widths) + lines.join("") + note;
}
