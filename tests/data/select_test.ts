import assert from "node:assert/strict";
import fc from "fast-check";
import { formatCsv } from "../../lib/data/csv.ts";
import type { Roles } from "../../lib/data/roles.ts";
import { selectSeries } from "../../lib/data/select.ts";
import { tableFromRows } from "../../lib/data/table.ts";
import { cleanCells, COLUMN, joined, ROWS, tableOf } from "./fixture.ts";

const select = (text: string, roles: Roles = {}) => selectSeries(tableOf(text), roles);
const messages = (text: string, roles: Roles = {}) =>
  select(text, roles).notes.map(({ message }) => message).join("\n");

Deno.test("selectSeries() sums the spend columns and keeps everything aligned", () => {
  const { series, cadence } = select(joined(), {
    date: "date",
    spend: ["tv_spend", "radio_spend"],
    target: "sales",
    controls: ["price"],
  });
  const cells = cleanCells().slice(1);
  assert.equal(series.name, "sales.csv");
  assert.deepEqual(series.dates, cells.map((row) => row[COLUMN.date]));
  assert.deepEqual([...series.spend], cells.map((row) => Number(row[COLUMN.tv]) + Number(row[COLUMN.radio])));
  assert.deepEqual([...series.response], cells.map((row) => Number(row[COLUMN.sales])));
  assert.deepEqual([...series.controls[0].values], cells.map((row) => Number(row[COLUMN.price])));
  assert.deepEqual(series.spendColumns, ["tv_spend", "radio_spend"]);
  assert.deepEqual(cadence, { unit: "day", step: 7 });
});

Deno.test("selectSeries() infers roles by name and says so", () => {
  const { series } = select(joined());
  assert.deepEqual([series.dateColumn, series.targetColumn], ["date", "sales"]);
  assert.deepEqual(series.spendColumns, ["tv_spend", "radio_spend"]);
  const text = messages(joined());
  assert.match(text, /taken for spend by name: tv_spend, radio_spend \(say otherwise with --spend\)/);
  assert.match(text, /taken for response by name: sales/);
  assert.match(text, /taken for date by name: date/);
  assert.match(text, /40 rows, weekly, from 2023-01-02 to 2023-10-02/);
});

Deno.test("selectSeries() says nothing about roles that were given", () => {
  const text = messages(joined(), { date: "date", spend: ["tv_spend"], target: "sales" });
  assert.doesNotMatch(text, /by name/);
});

Deno.test("selectSeries() knows the usual names of spend", () => {
  for (
    const name of ["spend", "Spend", "tv_spend", "spend_tv", "TV Spend", "tvSpend", "tv_S", "cost", "ad_cost"]
  ) {
    const { series } = select(
      joined((cells) => [cells[0][COLUMN.tv], cells[0][COLUMN.radio]] = [name, "other"]),
    );
    assert.deepEqual(series.spendColumns, [name]);
  }
});

Deno.test("selectSeries() takes a star in --spend for any letters and no other sign for more than itself", () => {
  assert.deepEqual(select(joined(), { spend: ["*_spend"] }).series.spendColumns, ["tv_spend", "radio_spend"]);
  const dotted = joined((cells) => [cells[0][COLUMN.tv], cells[0][COLUMN.radio]] = ["a.x", "abx"]);
  assert.deepEqual(select(dotted, { spend: ["a.*"] }).series.spendColumns, ["a.x"]);
});

Deno.test("selectSeries() takes a rising whole number for time, and else the order of rows", () => {
  const counted = joined((cells) =>
    cells.forEach((row, t) => row[COLUMN.date] = t === 0 ? "t" : String(t - 1))
  );
  assert.deepEqual(select(counted).series.dates?.slice(0, 3), ["0", "1", "2"]);
  const without = joined((cells) => cells.forEach((row) => row.shift()));
  assert.equal(select(without).series.dates, undefined);
  assert.match(messages(without), /no date column was found/);
  const repeating = joined((cells) =>
    cells.forEach((row, t) => row[COLUMN.date] = t === 0 ? "week" : String(t % 9))
  );
  assert.equal(select(repeating).series.dates, undefined);
});

Deno.test("selectSeries() writes dates in ISO form whatever form they had", () => {
  const slashes = joined((cells) =>
    cells.slice(1).forEach((row) => row[COLUMN.date] = row[COLUMN.date].replaceAll("-", "/"))
  );
  assert.equal(select(slashes).series.dates?.[1], "2023-01-09");
});

Deno.test("selectSeries() counts an empty cell of one of several channels as no spend, and says so", () => {
  const text = joined((cells) => cells[4][COLUMN.tv] = cells[6][COLUMN.radio] = "");
  const { series, notes } = select(text);
  const cells = cleanCells();
  assert.equal(series.spend[3], Number(cells[4][COLUMN.radio]));
  assert.equal(series.spend[5], Number(cells[6][COLUMN.tv]));
  const note = notes.find(({ severity }) => severity === "REVIEW");
  assert.equal(note?.message, "empty cells taken as no spend, in 40 rows: tv_spend 1, radio_spend 1.");
});

Deno.test("selectSeries() leaves out channels used on under a tenth of rows, and names them", () => {
  const withUse = (rows: number) =>
    joined((cells) =>
      cells.slice(1).forEach((row, t) => row[COLUMN.radio] = t < rows ? "5" : t % 2 ? "" : "0")
    );
  const { series } = select(withUse(3));
  assert.deepEqual([series.spendColumns, series.leftOut], [["tv_spend"], ["radio_spend"]]);
  assert.deepEqual([...series.spend], cleanCells().slice(1).map((row) => Number(row[COLUMN.tv])));
  assert.match(
    messages(withUse(3)),
    /left out of the sum, above zero on under 10% of rows: radio_spend on 7.5%/,
  );
  assert.match(messages(withUse(0)), /radio_spend never/);
  assert.deepEqual(select(withUse(4)).series.leftOut, [], "exactly a tenth stays in");
});

Deno.test("selectSeries() picks the rows of one group, wherever they stand", () => {
  const text = joined((cells) => {
    const rows = cells.splice(1);
    cells[0].push("brand");
    rows.forEach((row) => cells.push([...row, "north"], [...row.slice(0, 4), `1${row[4]}`, "south"]));
  });
  const { series } = select(text, { group: "brand", only: "south" });
  assert.equal(series.name, "sales.csv: south");
  assert.equal(series.response.length, ROWS);
  assert.deepEqual([...series.response], cleanCells().slice(1).map((row) => Number(`1${row[COLUMN.sales]}`)));
});

Deno.test("selectSeries() takes the only group there is without being told", () => {
  const text = joined((cells) => cells.forEach((row, t) => row.push(t === 0 ? "brand" : "north")));
  assert.equal(select(text, { group: "brand" }).series.name, "sales.csv: north");
});

Deno.test("selectSeries() reads the same series from CSV and from JSON rows", () => {
  const property = fc.property(
    fc.array(
      fc.tuple(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.double({ min: -1e9, max: 1e9, noNaN: true })),
      {
        minLength: 30,
        maxLength: 60,
      },
    ),
    (pairs) => {
      // The first two rows make sure that both columns vary, and four rows in ten have spend.
      const rows = pairs.map(([x, y], t) => [t, t % 2 === 0 ? x + 1 + t : x, t === 0 ? 2e9 : y] as const);
      const fromCsv = select(formatCsv(["t", "spend", "y"], rows)).series;
      const json = rows.map(([t, spend, y]) => ({ t, spend, y }));
      assert.deepEqual(selectSeries(tableFromRows(json, "sales.csv"), {}).series, fromCsv);
      assert.deepEqual([...fromCsv.response], rows.map(([, , y]) => y + 0));
    },
  );
  fc.assert(property, { seed: 6, numRuns: 100 });
});
