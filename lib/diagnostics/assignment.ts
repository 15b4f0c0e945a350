/**
 * The assignment problem for a handful of rows: which one-to-one pairing of rows and columns costs least.
 */

/**
 * Makes a solver for K x K cost tables that reuses its memory, since relabelling asks once per draw.
 *
 * Shortest augmenting paths with row and column prices, O(K^3): Jonker & Volgenant 1987, "A shortest augmenting
 * path algorithm for dense and sparse linear assignment problems", Computing 38. Prices keep every reduced cost
 * non-negative and zero on the pairing so far; each new row is added along its cheapest path.
 *
 * @returns a function from costs, (K, K) row-major and finite, to the column of each row, (K), in a buffer that
 * the next call overwrites
 */
export function assignmentSolver(size: number): (costs: Readonly<Float64Array>) => Readonly<Uint8Array> {
  const FREE = -1;
  const rowPrice = new Float64Array(size), columnPrice = new Float64Array(size);
  const rowOf = new Int8Array(size), cameFrom = new Int8Array(size);
  const distance = new Float64Array(size), settled = new Uint8Array(size);
  const columnOf = new Uint8Array(size);

  /** Dijkstra over columns from a new row; gives the free column it reaches first. */
  function shortestPath(costs: Readonly<Float64Array>, start: number): { column: number; length: number } {
    distance.fill(Infinity);
    settled.fill(0);
    for (let row = start, reached = 0;;) {
      let column = FREE;
      for (let j = 0; j < size; j++) {
        if (settled[j]) continue;
        const through = reached + costs[row * size + j] - rowPrice[row] - columnPrice[j];
        if (through < distance[j]) {
          distance[j] = through;
          cameFrom[j] = row;
        }
        if (column === FREE || distance[j] < distance[column]) column = j;
      }
      reached = distance[column];
      if (rowOf[column] === FREE) return { column, length: reached };
      settled[column] = 1;
      row = rowOf[column];
    }
  }

  return (costs) => {
    rowPrice.fill(0);
    columnPrice.fill(0);
    rowOf.fill(FREE);
    for (let start = 0; start < size; start++) {
      const { column: end, length } = shortestPath(costs, start);
      rowPrice[start] += length;
      for (let j = 0; j < size; j++) {
        if (!settled[j]) continue;
        rowPrice[rowOf[j]] += length - distance[j];
        columnPrice[j] -= length - distance[j];
      }
      // Turn the path over: each of its rows moves on to the column it was reached through.
      for (let column = end, row = FREE; row !== start;) {
        row = cameFrom[column];
        const previous = columnOf[row];
        rowOf[column] = row;
        columnOf[row] = column;
        column = previous;
      }
    }
    return columnOf;
  };
}
