/**
 * Loop unrolling at assembly. A private array whose every index is a constant lives in registers; one index by
 * a loop variable sends the whole array to memory, lane by lane on software adapters (measured on llvmpipe:
 * the likelihood loop runs twice as fast unrolled, and compilers do not do it by themselves). So loops over
 * compile-time constants that end in the comment `// unroll` are laid out here, one copy of the body each turn:
 *
 *     for (var k = 0u; k < K; k++) { // unroll
 *       total += weight[k];
 *     }
 */

/** Source lines after unrolling, and the 1-based line of the original each came from. */
export interface Unrolled {
  readonly lines: readonly string[];
  readonly origins: readonly number[];
}

const HEADER = /^\s*for \(var (\w+) = ([^;]+); ([^;]+); (\w+)\+\+\) \{ \/\/ unroll$/;

/**
 * Lays out every marked loop, outer loops first so that inner bounds may use outer variables.
 *
 * @param constants values that bounds may name
 * @throws SyntaxError when a marked loop is not of the form above or its bounds are not constant
 */
export function unroll(source: string, constants: Readonly<Record<string, number>>): Unrolled {
  const lines = source.split("\n");
  return unrollLines(lines, lines.map((_, i) => i + 1), constants);
}

function unrollLines(
  lines: readonly string[],
  origins: readonly number[],
  constants: Readonly<Record<string, number>>,
): Unrolled {
  const out: string[] = [], from: number[] = [];
  for (let at = 0; at < lines.length; at++) {
    const header = HEADER.exec(lines[at]!);
    if (header === null) {
      if (lines[at]!.endsWith("// unroll")) {
        throw new SyntaxError(`Cannot unroll line ${origins[at]}: ${lines[at]}`);
      }
      out.push(lines[at]!);
      from.push(origins[at]!);
      continue;
    }
    const [, name, start, condition] = header as unknown as [string, string, string, string];
    const end = closingLine(lines, at);
    const body = lines.slice(at + 1, end), bodyOrigins = origins.slice(at + 1, end);
    const word = new RegExp(`\\b${name}\\b`, "g");
    for (
      let value = evaluate(start, constants);
      evaluate(condition.replace(word, String(value)), constants) !== 0;
      value++
    ) {
      const copy = unrollLines(body.map((line) => line.replace(word, `${value}u`)), bodyOrigins, constants);
      out.push("{", ...copy.lines, "}");
      from.push(origins[at]!, ...copy.origins, origins[end]!);
    }
    at = end;
  }
  return { lines: out, origins: from };
}

/** Index of the line whose brace closes the one opened at the end of line `at`. */
function closingLine(lines: readonly string[], at: number): number {
  let depth = 0;
  for (let i = at; i < lines.length; i++) {
    for (const character of lines[i]!.replace(/\/\/.*/, "")) {
      if (character === "{") depth++;
      if (character === "}" && --depth === 0) return i;
    }
  }
  throw new SyntaxError(`Cannot unroll: no closing brace for ${lines[at]}`);
}

/** A bound: whole numbers, named constants, + and -, and at most one comparison (1 or 0). */
function evaluate(expression: string, constants: Readonly<Record<string, number>>): number {
  const comparison = /^(.+?)(<=?)(.+)$/.exec(expression);
  if (comparison !== null) {
    const left = evaluate(comparison[1]!, constants), right = evaluate(comparison[3]!, constants);
    return Number(comparison[2] === "<" ? left < right : left <= right);
  }
  let sum = 0;
  for (const [, sign, term] of ` + ${expression}`.matchAll(/([+-])\s*(\w+)/g)) {
    const value = /^\d+u?$/.test(term!) ? parseInt(term!) : constants[term!];
    if (value === undefined) throw new SyntaxError(`Cannot unroll: ${term} is not a constant`);
    sum += sign === "+" ? value : -value;
  }
  return sum;
}
