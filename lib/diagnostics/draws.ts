/** Draws of named scalar quantities, as every diagnostic reads them. */
export interface Draws {
  readonly chains: number;
  /** Draws per chain. */
  readonly draws: number;
  /** Each (chains, draws) row-major: value [chain * draws + draw]. */
  readonly columns: ReadonlyMap<string, Float64Array>;
}

/** Fewest draws per chain that diagnostics can say anything about. */
export const FEWEST_DRAWS = 8;
