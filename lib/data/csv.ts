/** Writes tables as CSV: RFC 4180 quoting, line feeds, UTF-8. */

/**
 * CSV text of a header and rows of cells, ending with a line feed.
 *
 * @param rows (rows, columns) numbers are written in the shortest form that reads back the same
 */
export function formatCsv(
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  return [columns, ...rows].map((row) => row.map(quoted).join(",") + "\n").join("");
}

/** Quotes what would not come back as it is: delimiters, quotes, line ends, blanks at either end. */
function quoted(cell: string | number): string {
  const text = String(cell);
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
