/** "Did you mean": the nearest of a few known words to a mistyped one. */

/**
 * Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours, each 1
 * (Damerau 1964, "A technique for computer detection and correction of spelling errors", CACM 7(3)).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(replaced, last[j] + 1, row[j - 1] + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length];
}

/**
 * The known word nearest to `word`, or undefined when none is near enough to be what was meant: at most one
 * slip per three letters, or `word` is a part of it (three letters at least).
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const meant = word.toLowerCase();
  const limit = Math.max(1, Math.floor(meant.length / 3));
  let best: string | undefined, bestDistance = Infinity;
  for (const candidate of known) {
    const isPart = meant.length >= 3 && candidate.toLowerCase().includes(meant);
    const distance = Math.min(editDistance(meant, candidate.toLowerCase()), isPart ? 0.5 : Infinity);
    if (distance <= limit && distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** ` Did you mean "x"?`, or nothing; to be put after a sentence. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const guess = nearest(word, known);
  return guess === undefined ? "" : ` Did you mean "${guess}"?`;
}
