/** What the API sends, as far as the page looks at it. */

export interface FieldProblem {
  path: string;
  row?: number;
  column?: string;
  value?: string;
  message: string;
}

export interface ProblemBody {
  title: string;
  detail: string;
  errors?: FieldProblem[];
}

export interface Finding {
  severity: "FAIL" | "REVIEW" | "INFO";
  where?: string;
  row?: number;
  column?: string;
  value?: string;
  message: string;
}

export interface Channel {
  name: string;
  kept: boolean;
  spend_share: number;
  active_share: number;
  mean: number;
  max: number;
  correlation: number | null;
}

export interface SeriesFacts {
  name: string;
  rows: number;
  cadence: string | null;
  first_date: string | null;
  last_date: string | null;
  spend: string[];
  target: string;
  controls: string[];
  channels: Channel[];
  curves: number;
}

export interface Review {
  usable: boolean;
  findings: Finding[];
  series: SeriesFacts | null;
}

export interface Dataset {
  id: string;
  name: string;
  rows: number;
  columns: string[];
  created_at: string;
  review?: Review;
}

export interface Glimpse {
  log_lik: (number | null)[][];
  alpha: (number | null)[][];
}

export interface Progress {
  phase: string;
  step?: string;
  done: number;
  total: number;
  transitions_per_second: number | null;
  gradients: number;
  divergences: number;
  elbo?: number | null;
  rhat?: number | null;
  ess_bulk?: number | null;
  glimpse?: Glimpse;
  eta_s?: number | null;
  phase_s?: number | null;
}

/** Where a job went on from that was cut off. */
export interface ResumePoint extends Pick<Progress, "phase" | "step" | "done" | "total"> {
  /** Of a comparison: the method whose fit it was at. */
  method?: string;
}

export type State = "queued" | "running" | "succeeded" | "failed" | "canceled" | "interrupted";
export type Status = "pass" | "review" | "fail";

/** What fits and comparisons share. */
export interface Job {
  id: string;
  kind: "fit" | "compare";
  state: State;
  label: string | null;
  components: number | null;
  data: { name: string | null; dataset: string | null };
  progress: Progress | null;
  resumed: boolean;
  resumed_at: ResumePoint | null;
  ahead: number | null;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  verdict: Status | null;
  partial: boolean | null;
  error: string | null;
  request: Record<string, unknown>;
}

export interface Fit extends Job {
  kind: "fit";
  method: string;
  links: { self: string; draws: string | null };
  result: Report | null;
}

export interface MethodState {
  method: string;
  status: "waiting" | "running" | Status | "error" | "interrupted";
  total_s: number | null;
}

export interface CompareProgress extends Progress {
  method: string;
  methods_done: number;
  methods: MethodState[];
}

export interface Comparison extends Job {
  kind: "compare";
  /** Null: all that make sense. */
  methods: string[] | null;
  effort: number;
  progress: CompareProgress | null;
  runs: { method: string; draws: string }[];
  result: CompareReport | null;
}

export interface StateEvent {
  state: State;
  resumed: boolean;
  resumed_at: ResumePoint | null;
}

export interface Quantity {
  mean: number | null;
  q5: number | null;
  q50: number | null;
  q95: number | null;
}

export interface Business {
  spend: number | null;
  response: number | null;
  contribution: Quantity;
  contribution_share: Quantity;
  roas: Quantity;
  marginal_roas: Quantity;
  curve: { multiple: number; spend: number | null; response: Quantity }[];
}

export interface SummaryRow {
  name: string;
  mean: number | null;
  sd: number | null;
  q5: number | null;
  q50: number | null;
  q95: number | null;
  rhat: number | null;
  ess_bulk: number | null;
  ess_tail: number | null;
}

/** The `fit.json` object. */
export interface Report {
  hillmix: string;
  method: string;
  engine: string;
  adapter: string;
  seed: number;
  partial: boolean;
  model: { preset: string; components: number };
  data: {
    name: string;
    rows: number;
    holdout_rows: number;
    spend: string[];
    left_out: string[];
    target: string;
    controls: string[];
    first_date: string | null;
    last_date: string | null;
    mean_spend: number;
    max_spend: number;
  };
  sampling: { chains: number; warmup: number; draws: number };
  timing: { total_s: number | null; gradients: number | null };
  diagnostics: {
    max_rhat: number | null;
    min_ess_bulk: number | null;
    min_ess_tail: number | null;
    divergences: number | null;
    ebfmi_min: number | null;
    label_invariant: { max_rhat: number | null };
    relabelled: { max_rhat: number | null };
  };
  verdict: { status: Status; handover: boolean; strict: boolean; reasons: string[] };
  elpd: { loo: number | null; se: number | null; p_loo: number | null; bad_k: number };
  holdout: { rmse: number | null; crps: number | null; coverage_90: number | null } | null;
  log_evidence?: number | null;
  tempering?: {
    log_evidence_error: number | null;
    barrier: number | null;
    rungs: number;
    round_trips: number[];
    modes: { weight: number | null; alpha: number | null; sigma: number | null; log_lik: number | null }[];
  };
  auto?: {
    answer: string;
    steps: {
      method: string;
      why: string;
      found: string;
      status: Status;
      total_s: number | null;
      gradients: number | null;
    }[];
  };
  approximation?: {
    status: string;
    k_hat: number | null;
    proposals: number;
    effective_size: number | null;
    elbo: number | null;
    elbo_error: number | null;
    elbo_trace: (number | null)[];
  };
  business?: Business;
  warnings: string[];
  summary: SummaryRow[];
}

export interface ComparedMethod {
  method: string;
  exact: boolean;
  status: Status;
  reasons: string[];
  run: string;
  partial: boolean;
  timing: { total_s: number | null; ess_per_s: number | null };
  diagnostics: { max_rhat: number | null; k_hat: number | null };
  elpd: { difference: number | null; difference_se: number | null };
  holdout: Report["holdout"];
  /** Null for the reference, and without one. */
  gap: { mean: { name: string; value: number | null } } | null;
  business: Business;
  recovery: { covered: number; quantities: unknown[] } | null;
}

/** A method without a fit. */
export interface MissingMethod {
  method: string;
  exact: boolean;
  status: "error" | "interrupted";
  reasons: string[];
  run: null;
  partial: boolean;
  timing: null;
  business: null;
}

export type CompareRow = ComparedMethod | MissingMethod;

/** The `compare.json` object. */
export interface CompareReport {
  partial: boolean;
  engine: string;
  adapter: string;
  seed: number;
  effort: number;
  model: Report["model"];
  data: Report["data"];
  truth: Business | null;
  reference: string | null;
  reference_reason: string;
  methods: CompareRow[];
  advice: { method: string | null; sentences: string[] };
}

/** What can be asked for, from the tables that the command line reads. */
export interface Options {
  methods: { name: string; title: string }[];
  method: string;
  presets: string[];
  components: { min: number; max: number; usual: number; example: number };
  sizes: Record<"chains" | "warmup" | "draws" | "seed", { min: number; max: number; help: string }>;
  holdout: { max: number; help: string };
  contenders: { name: string; usual: boolean; fewest_components: number }[];
  effort: { min: number; max: number; usual: number; help: string };
  example: Review;
  body_bytes: number;
}
