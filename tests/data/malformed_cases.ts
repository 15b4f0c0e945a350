/** Malformed tables, each with the words its problems must hold. */
import type { Roles } from "../../lib/data/roles.ts";
import { COLUMN, joined } from "./fixture.ts";

/** One malformed table. */
export interface Case {
  readonly name: string;
  readonly bytes: string | Uint8Array;
  readonly roles?: Roles;
  /** What the formatted problems, one per line, must hold. */
  readonly say: readonly string[];
  /** How many problems in all, 1 unless said. */
  readonly count?: number;
}

const set = (row: number, column: number, value: string) => joined((cells) => cells[row][column] = value);
const everyRow = (column: number, value: (t: number) => string) =>
  joined((cells) => cells.slice(1).forEach((row, t) => row[column] = value(t)));
const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const { date, tv, radio, price, sales } = COLUMN;

/** The file is no table. */
export const FORM: readonly Case[] = [
  { name: "no bytes", bytes: "", say: ["sales.csv: the file is empty"] },
  { name: "only blanks", bytes: " \n\n \r\n", say: ["sales.csv: the file is empty"] },
  { name: "only a mark", bytes: "\ufeff", say: ["the file is empty"] },
  { name: "only a header", bytes: "date,spend,sales\n", say: ["there are no data rows; at least 30"] },
  { name: "header and blank rows", bytes: "date,spend,sales\n,,\n,,\n", say: ["there are no data rows"] },
  {
    name: "no header",
    bytes: joined((cells) => cells.shift()),
    say: ["row 1", 'value "2023-01-02, 100, 40, 4.00"', "add a header line"],
  },
  {
    name: "duplicate names",
    bytes: joined((cells) => cells[0][radio] = "tv_spend"),
    say: ["row 1, column tv_spend: columns 2 and 3 have the same name"],
  },
  {
    name: "ragged row",
    bytes: joined((cells) => cells[6].push("7")),
    say: ["row 7: the row has 6 cells but the header has 5", "a comma in a text splits a cell"],
  },
  {
    name: "short row",
    bytes: joined((cells) => cells[6].pop()),
    say: ["row 7: the row has 4 cells but the header has 5; add or remove cells"],
  },
  {
    name: "unquoted decimal commas",
    bytes: everyRow(price, (t) => `4,${t + 10}`),
    say: ["row 2", "row 3", "row 4", "(37 more rows like this.)", "use decimal points"],
    count: 3,
  },
  {
    name: "pipes",
    bytes: joined(() => {}, "|"),
    say: ["only one column", "comma, semicolon or tab", 'separated by "|"'],
  },
  { name: "one column", bytes: "sales\n1\n2\n", say: ["row 1, column sales: there is only one column"] },
  {
    name: "header by comma, rows by semicolon",
    bytes: "date,spend,sales\n" +
      joined((cells) => cells.forEach((row) => row.splice(3)), ";").split("\n").slice(1).join("\n"),
    say: [
      'row 2: the row has 1 cell but the header has 3; it uses ";" between cells where the header uses ","',
    ],
    count: 3,
  },
  {
    name: "quote never closed",
    bytes: set(5, sales, '"1000'),
    say: ['row 6: a quote (") is opened here and never closed'],
  },
  {
    name: "quote within a cell",
    bytes: set(5, sales, '10"00'),
    say: ['row 6: a quote (") stands inside a cell'],
  },
  {
    name: "Latin-1",
    bytes: latin1(set(5, price, "caf\u00e9")),
    say: ['row 6, value "0xe9": the file is not UTF-8: byte 172', "save it as CSV in UTF-8"],
  },
  { name: "UTF-16", bytes: Uint8Array.of(0xff, 0xfe, 0x61, 0), say: ["the file is UTF-16 text"] },
  {
    name: "zero bytes",
    bytes: "date,spend\n1,\u00002\n",
    say: ["row 2: the file is not text: byte 14 is zero"],
  },
  {
    name: "workbook",
    bytes: Uint8Array.of(0x50, 0x4b, 3, 4, 20),
    say: ["spreadsheet workbook or ZIP archive"],
  },
  { name: "old workbook", bytes: Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0), say: ["an old Excel workbook"] },
  { name: "gzip", bytes: Uint8Array.of(0x1f, 0x8b, 8), say: ["compressed with gzip; unpack it"] },
  { name: "Parquet", bytes: "PAR1....", say: ["a Parquet file; export it as CSV"] },
  { name: "JSON", bytes: '[{"date": "2023-01-02"}]', say: ["the file is JSON"] },
  { name: "web page", bytes: "<!DOCTYPE html><html>", say: ["a web page or XML"] },
];

/** A cell is no number. */
export const CELLS: readonly Case[] = [
  {
    name: "text for a number",
    bytes: set(3, sales, "many"),
    say: ['sales.csv, row 4, column sales, value "many": the cell is not a number'],
  },
  {
    name: "empty response",
    bytes: set(3, sales, ""),
    say: ["row 4, column sales: the cell is empty; fill it in"],
  },
  {
    name: "empty spend, one column",
    bytes: set(3, tv, ""),
    roles: { spend: ["tv_spend"] },
    say: ["row 4, column tv_spend: the spend cell is empty", "0 where it was nothing"],
  },
  {
    name: "empty spend in all columns",
    bytes: joined((cells) => cells[3][tv] = cells[3][radio] = ""),
    say: ["row 4: all 2 spend cells are empty"],
  },
  {
    name: "empty control",
    bytes: set(3, price, " "),
    roles: { controls: ["price"] },
    say: ["row 4, column price: the cell is empty", "a control is needed in every row"],
  },
  {
    name: "negative spend",
    bytes: set(3, tv, "-5"),
    say: ['row 4, column tv_spend, value "-5": spend is negative'],
  },
  { name: "NaN", bytes: set(3, sales, "NaN"), say: ['value "NaN": the value is missing'] },
  {
    name: "NA",
    bytes: set(3, tv, "NA"),
    say: ['column tv_spend, value "NA": the value is missing', "0 where"],
  },
  { name: "spreadsheet error", bytes: set(3, sales, "#DIV/0!"), say: ["the value is missing"] },
  { name: "infinity", bytes: set(3, sales, "-Inf"), say: ['value "-Inf": the value is infinite'] },
  { name: "overflow", bytes: set(3, sales, "1e400"), say: ['value "1e400": the number is too large'] },
  {
    name: "thousands separators",
    bytes: set(3, sales, '"1,234,567.8"'),
    say: ['value "1,234,567.8": the number has thousands separators; write it as 1234567.8'],
  },
  {
    name: "ambiguous comma",
    bytes: set(3, sales, '"1,234"'),
    say: ["may group thousands or mark decimals; write 1234 or 1.234"],
  },
  {
    name: "points for thousands",
    bytes: set(3, sales, '"1.234.567,5"'),
    say: ["has thousands separators; write it as 1234567.5"],
  },
  {
    name: "blanks for thousands",
    bytes: set(3, sales, "1 234"),
    say: ["thousands separators; write it as 1234."],
  },
  {
    name: "decimal comma",
    bytes: joined((cells) => cells.slice(1).forEach((row) => row[price] = row[price].replace(".", ",")), ";"),
    roles: { controls: ["price"] },
    say: [
      'row 2, column price, value "4,00": the number has a decimal comma; write it as 4.00, with a point.',
    ],
    count: 3,
  },
  { name: "currency sign", bytes: set(3, tv, "$120"), say: ["carries a currency sign; write it as 120."] },
  {
    name: "currency code",
    bytes: set(3, tv, '"1.200,50 EUR"'),
    say: ["a currency sign; write it as 1200.50."],
  },
  {
    name: "percent",
    bytes: set(3, price, "4.5%"),
    roles: { controls: ["price"] },
    say: ["a percent sign; write it as 4.5."],
  },
  {
    name: "brackets",
    bytes: set(3, sales, "(12)"),
    say: ["in brackets; write negative numbers with a minus"],
  },
  {
    name: "truth",
    bytes: set(3, price, "TRUE"),
    roles: { controls: ["price"] },
    say: ["holds a word; write 1 instead"],
  },
  {
    name: "a date for a number",
    bytes: set(3, sales, "2023-01-09"),
    say: ["holds a date where a number is meant"],
  },
];

/** The dates are not regular. */
export const DATES: readonly Case[] = [
  { name: "empty date", bytes: set(3, date, ""), say: ["row 4, column date: the date is missing"] },
  {
    name: "no such day",
    bytes: set(3, date, "2023-02-30"),
    say: ['value "2023-02-30": the date is not in the calendar'],
  },
  {
    name: "a word",
    bytes: set(3, date, "soon"),
    say: ['value "soon": the cell is not a date that can be read'],
  },
  {
    name: "day and month in either order",
    bytes: set(3, date, "03/04/2023"),
    say: ["could be in either order; write 2023-04-03 or 2023-03-04."],
  },
  {
    name: "day first, beyond doubt",
    bytes: set(3, date, "16.01.2023"),
    say: ["not in year-month-day order; write it as 2023-01-16."],
  },
  { name: "no dashes", bytes: set(3, date, "20230116"), say: ["needs dashes; write it as 2023-01-16."] },
  { name: "week number", bytes: set(3, date, "2023-W03"), say: ["names a week; write the first day"] },
  { name: "month by name", bytes: set(3, date, "16 Jan 2023"), say: ["write dates as year-month-day"] },
  {
    name: "numbers among dates",
    bytes: set(3, date, "3"),
    roles: { date: "date" },
    say: ["mixes dates and plain numbers"],
  },
  {
    name: "duplicate date",
    bytes: joined((cells) => cells.push([...cells[40].slice(0, 4), "1300"])),
    say: ['row 42, column date, value "2023-10-02": the date is in row 41 too'],
  },
  {
    name: "unordered dates",
    bytes: joined((cells) => cells.push(...cells.splice(11, 1))),
    say: [
      'row 41, column date, value "2023-03-13"',
      "before that of the row above, 2023-10-02; sort the rows",
    ],
  },
  {
    name: "newest first",
    bytes: joined((cells) => cells.push(...cells.splice(1).reverse())),
    say: ["row 3", "sort the rows by date", "(36 more rows like this.)"],
    count: 3,
  },
  {
    name: "gap",
    bytes: joined((cells) => cells.splice(11, 1)),
    say: [
      "row 12, column date: gap between 2023-03-06 and 2023-03-20",
      "weekly",
      "1 row from 2023-03-13 on is missing",
    ],
  },
  {
    name: "off the step",
    bytes: set(11, date, "2023-03-15"),
    say: ['value "2023-03-15": the date does not fit: rows are weekly', "2023-03-13 was expected"],
  },
  {
    name: "no step",
    bytes: everyRow(date, (t) => new Date(1.7e12 + 864e5 * (t * t)).toISOString().slice(0, 10)),
    say: ["the dates follow no regular step"],
  },
  {
    name: "several series",
    bytes: joined((cells) => {
      const rows = cells.splice(1);
      cells[0].push("brand");
      for (const brand of ["north", "south"]) cells.push(...rows.map((row) => [...row, brand]));
    }),
    say: ["seems to hold 2 series, one for each brand; pick one with --group brand --only north"],
  },
];

/** Columns do not fit the parts they are named for. */
export const ROLES: readonly Case[] = [
  {
    name: "missing column, near name",
    bytes: joined(),
    roles: { spend: ["tv_spnd"] },
    say: ['--spend, value "tv_spnd": sales.csv has no such column. Did you mean "tv_spend"?'],
  },
  {
    name: "missing column, other case",
    bytes: joined(),
    roles: { target: "Sales" },
    say: ['--target, value "Sales": sales.csv has no such column. Did you mean "sales"?'],
  },
  {
    name: "missing column, no near name",
    bytes: joined(),
    roles: { controls: ["weather"] },
    say: ["--control", "Its columns are date, tv_spend, radio_spend, price, sales."],
  },
  { name: "missing date column", bytes: joined(), roles: { date: "week" }, say: ['--date, value "week"'] },
  {
    name: "pattern without a match",
    bytes: joined(),
    roles: { spend: ["*_cost"] },
    say: ['--spend, value "*_cost": sales.csv has no such column'],
  },
  {
    name: "nothing named like spend",
    bytes: joined((cells) => [cells[0][tv], cells[0][radio]] = ["tv", "radio"]),
    say: ["--spend: no column is named like spend; name it with --spend. Its columns are date, tv,"],
  },
  {
    name: "nothing named like a response",
    bytes: joined((cells) => cells[0][sales] = "units"),
    say: ["--target: no column is named like a response"],
  },
  {
    name: "two columns named like a response",
    bytes: joined((cells) => cells[0][price] = "revenue"),
    say: ["--target: which column is the response is not clear; name it with --target: revenue, sales."],
  },
  {
    name: "response among the spend",
    bytes: joined(),
    roles: { spend: ["tv_spend", "sales"], target: "sales" },
    say: ["--spend and --target, column sales: one column cannot play two parts"],
  },
  {
    name: "column twice",
    bytes: joined(),
    roles: { spend: ["tv_spend", "tv_*"] },
    say: ["--spend, column tv_spend: the column is named twice"],
  },
  {
    name: "group column missing",
    bytes: joined(),
    roles: { group: "prise" },
    say: ['--group, value "prise"', 'Did you mean "price"?'],
  },
  {
    name: "series not named",
    bytes: everyRow(price, (t) => t < 33 ? "north" : "south"),
    roles: { group: "price" },
    say: ["holds 2 series; pick one with --only: north (33 rows), south (7 rows)."],
  },
  {
    name: "series missing",
    bytes: everyRow(price, (t) => t < 33 ? "north" : "south"),
    roles: { group: "price", only: "nort" },
    say: ['--only, value "nort": column price has no such series. Did you mean "north"?'],
  },
  {
    name: "series without group",
    bytes: joined(),
    roles: { only: "north" },
    say: ["--only", "with --group"],
  },
];

/** The series cannot be fitted. */
export const SHAPE: readonly Case[] = [
  {
    name: "too few rows",
    bytes: joined((cells) => cells.splice(30)),
    say: ["29 rows are too few; at least 30"],
  },
  {
    name: "series too short",
    bytes: everyRow(price, (t) => t < 33 ? "north" : "south"),
    roles: { group: "price", only: "south" },
    say: ["sales.csv: south: 7 rows are too few"],
  },
  {
    name: "constant spend",
    bytes: everyRow(tv, () => "100"),
    roles: { spend: ["tv_spend"] },
    say: ['column tv_spend, value "100": spend is the same in every row'],
  },
  {
    name: "constant sum of spend",
    bytes: joined((cells) =>
      cells.slice(1).forEach((row, t) => [row[tv], row[radio]] = [String(t), String(50 - t)])
    ),
    say: ['column tv_spend, radio_spend, value "50": spend is the same in every row'],
  },
  {
    name: "no spend at all",
    bytes: everyRow(tv, () => "0"),
    roles: { spend: ["tv_spend"] },
    say: ["tv_spend on 0.0%"],
  },
  {
    name: "hardly any spend",
    bytes: everyRow(tv, (t) => t < 3 ? "9" : "0"),
    roles: { spend: ["tv_spend"] },
    say: ["above zero on too few rows (tv_spend on 7.5%); at least 10%"],
  },
  {
    name: "a total among the channels",
    bytes: joined((cells) => {
      cells[0].push("total_spend");
      cells.slice(1).forEach((row) => row.push(String(Number(row[tv]) + Number(row[radio]))));
    }),
    say: ["column total_spend: the column is the sum of the other spend columns"],
  },
  {
    name: "constant response",
    bytes: everyRow(sales, () => "7"),
    say: ['column sales, value "7": the response is the same'],
  },
  {
    name: "constant control",
    bytes: everyRow(price, () => "7"),
    roles: { controls: ["price"] },
    say: ["column price", "the control is the same in every row, so it explains nothing; leave it out"],
  },
];
