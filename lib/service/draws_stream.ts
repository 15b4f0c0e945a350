/** Draws on their way from the disk to a client: never more than a piece of the file in memory. */
import { linesOf } from "./json_lines.ts";

/** Which draws, of which columns. */
export interface DrawSelection {
  /** Names of columns in the order wanted; undefined: all. `chain` and `draw` come first in any case. */
  readonly columns: readonly string[] | undefined;
  /** Every how many draws of a chain one is taken. */
  readonly thin: number;
}

/** Draws as rows. */
export interface DrawRows {
  readonly columns: readonly string[];
  /** Cells as they stand in the file: decimals, or `nan`, `inf`, `-inf`. */
  readonly rows: AsyncIterable<readonly string[]>;
}

/**
 * Reads a `draws.csv`.
 *
 * @returns undefined when a column is not there
 */
export async function readDraws(
  file: ReadableStream<Uint8Array<ArrayBuffer>>,
  { columns, thin }: DrawSelection,
): Promise<DrawRows | undefined> {
  const lines = linesOf(file), first = await lines.next();
  const names: string[] = first.done ? [] : first.value.split(",");
  const places = columns === undefined ? names.map((_, i) => i) : [
    0,
    1,
    ...columns.filter((name) => name !== "chain" && name !== "draw").map((name) => names.indexOf(name)),
  ];
  if (places.includes(-1)) {
    await lines.return(undefined);
    return undefined;
  }
  async function* rows() {
    for await (const line of lines) {
      const cells = line.split(",");
      if ((Number(cells[1]) - 1) % thin === 0) yield places.map((place) => cells[place]);
    }
  }
  return { columns: places.map((place) => names[place]), rows: rows() };
}

/** As CSV, in the file's own form. */
export async function* csvText({ columns, rows }: DrawRows): AsyncGenerator<string> {
  yield columns.join(",") + "\n";
  for await (const row of rows) yield row.join(",") + "\n";
}

/** As `{"columns": [..], "rows": [[..], ..]}`; JSON has no infinities, so what is not finite is null. */
export async function* jsonText({ columns, rows }: DrawRows): AsyncGenerator<string> {
  let between = `{"columns":${JSON.stringify(columns)},"rows":[\n`;
  for await (const row of rows) {
    yield `${between}[${row.map(jsonNumber).join(",")}]`;
    between = ",\n";
  }
  yield between === ",\n" ? "\n]}\n" : `${between}]}\n`;
}

/** As one object a line. */
export async function* jsonLinesText({ columns, rows }: DrawRows): AsyncGenerator<string> {
  const names = columns.map((name) => JSON.stringify(name));
  for await (const row of rows) {
    yield `{${row.map((cell, i) => `${names[i]}:${jsonNumber(cell)}`).join(",")}}\n`;
  }
}

const jsonNumber = (cell: string): string => /^-?(nan|inf)$/.test(cell) ? "null" : cell;

/** Pieces of text as bytes, several pieces at a time. */
export function byteStream(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      let text = "";
      while (text.length < PIECE) {
        const { done, value } = await pieces.next();
        if (done) {
          if (text !== "") controller.enqueue(encoder.encode(text));
          return controller.close();
        }
        text += value;
      }
      controller.enqueue(encoder.encode(text));
    },
    async cancel() {
      await pieces.return(undefined);
    },
  }, { highWaterMark: 0 });
}

/** Letters sent at a time. */
const PIECE = 65536;
