/**
 * `draws.csv`: one line per draw, columns in the style of Stan's CSV (`chain,draw,lp__,alpha,…,A.1,…,log_lik`),
 * chains one after another. Numbers are the shortest decimals that read back as the same double.
 */
import type { Draws } from "../diagnostics/draws.ts";
import { InputError } from "../errors.ts";
import { plural } from "../report/format.ts";

const LINES_PER_WRITE = 2000;

/** The file's text in pieces of a few thousand lines, so that no run is too large to write. */
export function* drawsCsv(draws: Draws): Generator<string> {
  const names = [...draws.columns.keys()], columns = [...draws.columns.values()];
  const lines = [["chain", "draw", ...names].join(",")];
  for (let chain = 0; chain < draws.chains; chain++) {
    for (let draw = 0; draw < draws.draws; draw++) {
      let line = `${chain + 1},${draw + 1}`;
      for (const column of columns) line += "," + writeNumber(column[chain * draws.draws + draw]);
      lines.push(line);
      if (lines.length >= LINES_PER_WRITE) yield lines.splice(0).join("\n") + "\n";
    }
  }
  if (lines.length > 0) yield lines.join("\n") + "\n";
}

/**
 * Reads draws back.
 *
 * @param text the file's text, in pieces cut anywhere
 * @param path for messages
 * @param size chains and draws per chain that the run's `fit.json` states
 * @throws InputError if the text is not a whole `draws.csv` of that size
 */
export async function readDrawsCsv(
  text: AsyncIterable<string>,
  path: string,
  size: { readonly chains: number; readonly draws: number },
): Promise<Draws> {
  const rows = size.chains * size.draws;
  let names: string[] | undefined;
  let columns: Float64Array[] = [];
  let row = -1;
  const fail = (message: string): never => {
    const line = row >= 0 && row < rows ? { row: row + 2 } : {};
    throw new InputError([{ where: path, ...line, message: `${message} The file is damaged: fit again.` }]);
  };

  for await (const line of linesOf(text)) {
    const cells = line.split(",");
    if (names === undefined) {
      if (cells[0] !== "chain" || cells[1] !== "draw") fail(`The columns do not start with chain,draw.`);
      names = cells.slice(2);
      if (new Set(names).size < names.length) fail("Two columns have the same name.");
      columns = names.map(() => new Float64Array(rows));
    } else {
      if (row >= rows) fail(`There are more than the ${plural(rows, "draw")} that fit.json states.`);
      if (cells.length !== names.length + 2) {
        fail(`There are ${cells.length} cells where there are ${names.length + 2} columns.`);
      }
      const chain = Math.floor(row / size.draws) + 1, draw = row % size.draws + 1;
      if (Number(cells[0]) !== chain || Number(cells[1]) !== draw) {
        fail(`Chain ${cells[0]}, draw ${cells[1]} stands where chain ${chain}, draw ${draw} belongs.`);
      }
      for (let j = 0; j < columns.length; j++) {
        const value = readNumber(cells[j + 2]);
        if (value === undefined) {
          fail(`Column ${names[j]} holds ${JSON.stringify(cells[j + 2])}, not a number.`);
        }
        columns[j][row] = value!;
      }
    }
    row++;
  }
  if (names === undefined) return fail("It is empty.");
  if (row < rows) fail(`It ends after ${row} of the ${plural(rows, "draw")} that fit.json states.`);
  return {
    chains: size.chains,
    draws: size.draws,
    columns: new Map(names.map((name, j) => [name, columns[j]])),
  };
}

// Stan's spellings of what is not a finite number.
export function writeNumber(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "-0" : String(value);
  return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

export function readNumber(cell: string): number | undefined {
  if (cell === "nan") return NaN;
  if (cell === "inf") return Infinity;
  if (cell === "-inf") return -Infinity;
  const value = cell === "" ? NaN : Number(cell);
  return Number.isNaN(value) ? undefined : value;
}

/** @param lastToo whether a last line without an end counts as one */
export async function* linesOf(text: AsyncIterable<string>, lastToo = true): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of text) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
  }
  if (lastToo && rest !== "") yield rest;
}
