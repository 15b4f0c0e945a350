/** Text laid out in a given width: wrapped paragraphs, labelled lines, and tables that drop columns to fit. */

/** Columns a text takes; all of hillmix's own output is one column per code point. */
export function displayWidth(text: string): number {
  return [...text].length;
}

/** Cuts a text to `width` columns, the last of them `…` if anything was cut. */
export function truncate(text: string, width: number): string {
  const letters = [...text];
  return letters.length <= width ? text : letters.slice(0, Math.max(0, width - 1)).join("") + "…";
}

/** Breaks a text at spaces into lines of at most `width`; words longer than a line are cut across lines. */
export function wrap(text: string, width: number): string[] {
  const limit = Math.max(1, width);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((each) => each !== "")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (displayWidth(joined) <= limit) {
      line = joined;
      continue;
    }
    if (line !== "") lines.push(line);
    let letters = [...word];
    while (letters.length > limit) {
      lines.push(letters.slice(0, limit).join(""));
      letters = letters.slice(limit);
    }
    line = letters.join("");
  }
  return line === "" && lines.length > 0 ? lines : [...lines, line];
}

/** A wrapped text whose first line starts with `lead` and whose others are indented as far. */
export function hang(lead: string, text: string, width: number): string[] {
  const indent = displayWidth(lead);
  return wrap(text, width - indent).map((line, i) => (i === 0 ? lead : " ".repeat(indent)) + line);
}

/** One column of a table. The first column is the row's name, left-aligned; the others are right-aligned. */
export interface Column {
  readonly title: string;
  readonly cells: readonly string[];
  /** Columns of the highest rank go first when the table is too wide; rank 0 always stays. */
  readonly rank: number;
}

const GAP = "  ";

/**
 * Lines of a table, title line first, none longer than `width`: columns are left out by rank, and if that is
 * not enough names are cut short.
 */
export function tableLines(columns: readonly Column[], width: number): string[] {
  const widthOf = (column: Column) => Math.max(...[column.title, ...column.cells].map(displayWidth));
  const total = (kept: readonly Column[]) =>
    kept.reduce((sum, column) => sum + widthOf(column), GAP.length * (kept.length - 1));

  let kept = columns;
  while (total(kept) > width && kept.some(({ rank }) => rank > 0)) {
    const worst = Math.max(...kept.map(({ rank }) => rank));
    kept = kept.filter(({ rank }) => rank !== worst);
  }
  const nameWidth = Math.max(1, widthOf(kept[0]) - Math.max(0, total(kept) - width));
  const row = (pick: (column: Column) => string) =>
    truncate(
      kept.map((column, i) =>
        i === 0 ? truncate(pick(column), nameWidth).padEnd(nameWidth) : pick(column).padStart(widthOf(column))
      ).join(GAP),
      width,
    );
  return [row(({ title }) => title), ...columns[0].cells.map((_, i) => row(({ cells }) => cells[i]))];
}

/**
 * Lines of as many tables as it takes to show every column within `width`, the names repeated in each; a blank line
 * between them.
 */
export function stackedTables([names, ...columns]: readonly Column[], width: number): string[] {
  const widthOf = ({ title, cells }: Column) => Math.max(...[title, ...cells].map(displayWidth));
  const tables: Column[][] = [];
  let room = 0;
  for (const column of columns) {
    const needed = GAP.length + widthOf(column);
    if (tables.length === 0 || needed > room) {
      tables.push([]);
      room = width - widthOf(names);
    }
    tables.at(-1)!.push(column);
    room -= needed;
  }
  return tables.flatMap((some, i) => [...(i === 0 ? [] : [""]), ...tableLines([names, ...some], width)]);
}
