/**
 * `draws.partial.csv`: the draws of a fit at work, appended as they come, all chains of one draw and then the next.
 * Columns as in `draws.csv`, and beside them what diagnostics need of every draw (see {@link DrawPiece.columns}).
 */
import type { Draws } from "../diagnostics/draws.ts";
import { linesOf, readNumber, writeNumber } from "./draws_csv.ts";

export const partialHeader = (columns: Draws["columns"]): string =>
  ["chain", "draw", ...columns.keys()].join(",") + "\n";

/** The lines of some draws that follow `first` others of every chain. */
export function partialLines({ chains, draws, columns }: Draws, first: number): string {
  const values = [...columns.values()];
  let text = "";
  for (let draw = 0; draw < draws; draw++) {
    for (let chain = 0; chain < chains; chain++) {
      text += `${chain + 1},${first + draw + 1}`;
      for (const column of values) text += "," + writeNumber(column[chain * draws + draw]);
      text += "\n";
    }
  }
  return text;
}

/**
 * Reads what can be read: a process killed while it wrote leaves a torn last line, a machine that lost power perhaps
 * more. Everything from the first line on that is not as it should be is left out, and so is a last draw that not
 * all chains have.
 *
 * @param text the file's text, in pieces cut anywhere
 * @returns undefined when there is no whole draw
 */
export async function readPartialDraws(text: AsyncIterable<string>): Promise<Draws | undefined> {
  let names: string[] | undefined;
  let chains = 0, rows = 0;
  const columns: number[][] = []; // one per name, (draws, chains)
  for await (const line of linesOf(text, false)) {
    const [chain, draw, ...cells] = line.split(",");
    if (names === undefined) {
      if (chain !== "chain" || draw !== "draw") break;
      names = cells;
      for (const _ of names) columns.push([]);
      continue;
    }
    if (draw === "1" && Number(chain) === rows + 1) chains++; // the first draw tells how many chains there are
    const follows = Number(chain) === rows % chains + 1 && Number(draw) === Math.floor(rows / chains) + 1;
    const values = cells.map(readNumber);
    if (!follows || values.length !== names.length || values.includes(undefined)) break;
    values.forEach((value, j) => columns[j]!.push(value!));
    rows++;
  }
  const draws = Math.floor(rows / chains);
  if (names === undefined || !(draws >= 1)) return undefined;
  const byChain = (values: readonly number[]) =>
    Float64Array.from(
      { length: chains * draws },
      (_, i) => values[i % draws * chains + Math.floor(i / draws)]!,
    );
  return { chains, draws, columns: new Map(names.map((name, j) => [name, byChain(columns[j]!)])) };
}
