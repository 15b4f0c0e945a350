/** Reads a table, from the bytes of a CSV file or from JSON rows, and says everything that is wrong with it. */
import { CsvError, parse } from "csv-parse/sync";
import { InputError, type Problem } from "../errors.ts";
import { findEncodingProblem } from "./encoding.ts";
import { abridge, throwIfAny } from "./problems.ts";

/** A rectangle of text cells under distinct column names. */
export interface Table {
  /** Where it came from, for messages: `sales.csv`. */
  readonly name: string;
  readonly columns: readonly string[];
  /** (rows, columns) cells without surrounding blanks; an empty cell is "". */
  readonly cells: readonly (readonly string[])[];
  /** (rows) line of each row in its file, counting from 1 with the header; place in the list for JSON rows. */
  readonly lines: readonly number[];
}

/** Larger files are refused: 32 MB take about 3 s and 1.4 GB of memory to read. */
export const MOST_BYTES = 32e6;
const DELIMITERS = [",", ";", "\t"];
const OTHER_DELIMITERS = ["|", ":", "^", "~"];
/** Lines looked at to tell which delimiter a file uses. */
const SAMPLE_LINES = 20;
const LINE_END = /\r\n|\n|\r/;

/**
 * Reads a CSV file: UTF-8 with or without byte-order mark, comma, semicolon or tab between cells, one header
 * line, quotes as in RFC 4180. Empty rows at the end are dropped.
 *
 * @param bytes the file
 * @param name what to call it in messages
 * @throws InputError with every problem of the file's form
 */
export function readTable(bytes: Uint8Array, name: string): Table {
  if (bytes.length > MOST_BYTES) throw new InputError([tooLarge(name, bytes.length)]);
  const encoding = findEncodingProblem(bytes, name);
  if (encoding !== undefined) throw new InputError([encoding]);
  const text = new TextDecoder().decode(bytes); // drops a byte-order mark
  if (text.trim() === "") {
    throw new InputError([{
      where: name,
      message: "the file is empty; it needs a header line and data rows.",
    }]);
  }
  const delimiter = findDelimiter(text);
  const records = splitRecords(text, delimiter, name);
  while (records.length > 1 && records.at(-1)!.record.every((cell) => cell === "")) records.pop();
  const [header, ...rows] = dropBlankColumns(records);
  const columns = header.record.map((title, i) => title === "" ? `(column ${i + 1})` : title);
  const cells = rows.map(({ record }) => record);
  const lines = rows.map(({ line }) => line);
  throwIfAny([
    ...headerProblems(columns, header.line, name, text),
    ...(rows.length === 0 ? [noRows(name)] : []),
    ...raggedRows(cells, lines, columns.length, delimiter, name),
  ]);
  return { name, columns, cells, lines };
}

/**
 * Makes a table of JSON rows, `[{"date": "2023-01-02", "spend": 120.5}, ..]`. The columns are all keys in order
 * of appearance; a missing key, null and "" are an empty cell.
 *
 * @throws InputError when the rows are no list of flat objects
 */
export function tableFromRows(rows: unknown, name: string): Table {
  if (!Array.isArray(rows)) {
    throw new InputError([{
      where: name,
      message: 'is not a list of rows; send [{"column": value, ..}, ..].',
    }]);
  }
  if (rows.length === 0) throw new InputError([noRows(name)]);
  const shapeless = rows.flatMap((row, i) =>
    typeof row === "object" && row !== null && !Array.isArray(row)
      ? []
      : [{ where: name, row: i + 1, message: 'the row is not an object; send {"column": value, ..}.' }]
  );
  throwIfAny(abridge(shapeless));
  const records = rows as Record<string, unknown>[];
  const columns = [...new Set(records.flatMap((row) => Object.keys(row)))];
  const nested: Problem[] = [];
  const cells = records.map((row, i) =>
    columns.map((column) => {
      const value = Object.hasOwn(row, column) ? row[column] : undefined;
      if (typeof value === "object" && value !== null) {
        const message = "the value is a list or an object; send a number or a text.";
        nested.push({ where: name, row: i + 1, column, message });
      }
      return value === undefined || value === null ? "" : String(value).trim();
    })
  );
  throwIfAny(abridge(nested));
  return { name, columns, cells, lines: records.map((_, i) => i + 1) };
}

interface RecordAt {
  readonly record: string[];
  readonly line: number;
}

function splitRecords(text: string, delimiter: string, name: string): RecordAt[] {
  try {
    const records = parse(text, {
      bom: true,
      delimiter,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return records.map(({ record, info }) => ({ record, line: info.lines }));
  } catch (error) {
    if (error instanceof CsvError) throw new InputError([quoteProblem(error, text, name)]);
    throw error;
  }
}

function quoteProblem(error: CsvError, text: string, name: string): Problem {
  if (error.code === "CSV_QUOTE_NOT_CLOSED") {
    const message = 'a quote (") is opened here and never closed; close it or remove it.';
    return { where: name, row: lastOpenedQuote(text), message };
  }
  const message =
    'a quote (") stands inside a cell; put the whole cell in quotes and double the quotes within it.';
  return { where: name, row: Number(error.lines), message };
}

/** Line of the last quote that opens. */
function lastOpenedQuote(text: string): number {
  let line = 1, opened = 1, open = false;
  for (const letter of text) {
    if (letter === "\n") line++;
    else if (letter === '"') {
      open = !open;
      if (open) opened = line;
    }
  }
  return opened;
}

/**
 * The delimiter whose count is the most even over the first lines, then the one that makes most columns; a comma
 * if none occurs.
 */
function findDelimiter(text: string): string {
  const lines = text.slice(0, 100_000).split(LINE_END).filter((line) => line.trim() !== "").slice(
    0,
    SAMPLE_LINES,
  );
  const scored = DELIMITERS.map((delimiter) => {
    const counts = lines.map((line) => countCells(line, delimiter));
    const even = counts[0] > 1 ? counts.filter((count) => count === counts[0]).length : 0;
    return { delimiter, even, columns: counts[0] };
  });
  return scored.sort((a, b) => b.even - a.even || b.columns - a.columns)[0].delimiter;
}

/** Cells in a line, delimiters within quotes not counted. */
function countCells(line: string, delimiter: string): number {
  let count = 1, quoted = false;
  for (const letter of line) {
    if (letter === '"') quoted = !quoted;
    else if (letter === delimiter && !quoted) count++;
  }
  return count;
}

/** Spreadsheets end lines with delimiters to spare: columns past the last that holds anything are cut off. */
function dropBlankColumns(records: readonly RecordAt[]): RecordAt[] {
  const filled = (cells: readonly string[]) => cells.findLastIndex((cell) => cell !== "") + 1;
  const [header, ...rows] = records;
  const used = rows.reduce((most, { record }) => Math.max(most, filled(record)), 0);
  const width = Math.max(filled(header.record), Math.min(header.record.length, used));
  return records.map(({ record, line }) => ({
    record: record.length > width && filled(record) <= width ? record.slice(0, width) : record,
    line,
  }));
}

function headerProblems(columns: readonly string[], line: number, name: string, text: string): Problem[] {
  if (columns.length === 1) return [oneColumn(columns[0], line, name, text)];
  const problems: Problem[] = [];
  if (columns.every((title) => /^[\d.,\s+-]*$/.test(title) || /^\d{4}-\d{2}/.test(title))) {
    problems.push({
      where: name,
      row: line,
      value: columns.slice(0, 4).join(", "),
      message: "the first line holds values, not column names; add a header line above it.",
    });
  }
  const places = new Map<string, number[]>();
  columns.forEach((title, i) => places.set(title, [...places.get(title) ?? [], i + 1]));
  for (const [column, at] of places) {
    if (at.length === 1) continue;
    const message = `columns ${at.join(" and ")} have the same name; rename or remove all but one.`;
    problems.push({ where: name, row: line, column, message });
  }
  return problems;
}

function oneColumn(title: string, line: number, name: string, text: string): Problem {
  const firstLine = text.split(LINE_END).find((each) => each.trim() !== "") ?? "";
  const other = OTHER_DELIMITERS.find((delimiter) => countCells(firstLine, delimiter) > 1);
  const seen = other === undefined ? "" : ` Its cells seem to be separated by "${other}".`;
  const message =
    `there is only one column; save the table with a comma, semicolon or tab between cells.${seen}`;
  return { where: name, row: line, column: title.slice(0, 60), message };
}

function raggedRows(
  cells: readonly (readonly string[])[],
  lines: readonly number[],
  width: number,
  delimiter: string,
  name: string,
): Problem[] {
  const problems = cells.flatMap((row, i): Problem[] =>
    row.length === width ? [] : [{
      where: name,
      row: lines[i],
      message: `the row has ${row.length} ${
        row.length === 1 ? "cell" : "cells"
      } but the header has ${width}; ${raggedAdvice(row, width, delimiter)}`,
    }]
  );
  return abridge(problems);
}

function raggedAdvice(row: readonly string[], width: number, delimiter: string): string {
  const joined = row.join(delimiter);
  const other = DELIMITERS.find((each) => each !== delimiter && countCells(joined, each) === width);
  if (other !== undefined) {
    return `it uses "${other === "\t" ? "tab" : other}" between cells where the header uses "${delimiter}".`;
  }
  if (delimiter === "," && row.length > width) {
    return "a decimal comma or a comma in a text splits a cell in two: use decimal points, quote such texts.";
  }
  return "add or remove cells so that both have as many.";
}

function noRows(name: string): Problem {
  return { where: name, message: "there are no data rows; at least 30 are needed." };
}

function tooLarge(name: string, bytes: number): Problem {
  const [size, most] = [bytes, MOST_BYTES].map((each) => `${(each / 1e6).toFixed(0)} MB`);
  const message =
    `the file has ${size} and at most ${most} are read; keep only the columns and series you need.`;
  return { where: name, message };
}
