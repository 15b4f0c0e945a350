/** What a target's kernel needs: its source, its compile-time constants and its buffers. */
export interface TargetKernel {
  readonly file: string;
  readonly source: string;
  /** Compile-time constants; DIM is always among them. */
  readonly constants: Readonly<Record<string, number>>;
  /** Tables of each problem, or undefined when the target has none (binding 0 and 1). */
  readonly tables: readonly ProblemTable[] | undefined;
  /** Binding 2, shared by every problem; undefined when the target has none. */
  readonly data: Float32Array<ArrayBuffer> | undefined;
  /** Lanes may share one chain, and how many accumulators they then sum (WGSL `ACC`); 0 when they may not. */
  readonly accumulators: number;
  /** Most rows of any problem. */
  readonly rows: number;
  /** Rough cost of one gradient, in likelihood terms (rows x components), for planning launches. */
  readonly terms: number;
}

/** One problem's header and table; `header` gets the table's first vector and its own words. */
export interface ProblemTable {
  /** Words of the WGSL struct `Problem`, given the index of the first vector of this problem's table. */
  header(firstVector: number): Uint32Array<ArrayBuffer>;
  /** Whole vectors of four floats. */
  readonly vectors: Float32Array<ArrayBuffer>;
}
