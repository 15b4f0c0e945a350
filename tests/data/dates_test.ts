import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Cadence,
  describeCadence,
  findCadence,
  irregularities,
  nextDate,
} from "../../lib/data/cadence.ts";
import { dayOf, isoDate, monthOf, readDate, weekdayOf } from "../../lib/data/dates.ts";

const days = (dates: readonly string[]) =>
  dates.map((text) => {
    const cell = readDate(text);
    assert.ok(cell.kind === "day", text);
    return cell.day;
  });
const describe = (dates: readonly string[]) => {
  const cadence = findCadence(days(dates), false);
  return cadence && describeCadence(cadence);
};

Deno.test("readDate() reads ISO dates, slashes, times of day and months", () => {
  const forms = [
    "2023-01-31",
    "2023/1/31",
    "2023-01-31T00:00:00Z",
    "2023-01-31 00:00:00",
    "2023-01-31T12:30:00.000+02:00",
  ];
  for (const form of forms) {
    assert.deepEqual(readDate(form), { kind: "day", day: 19388, text: "2023-01-31" }, form);
  }
  assert.deepEqual(readDate("2023-02"), { kind: "day", day: 19389, text: "2023-02-01" });
  assert.deepEqual(readDate("007"), { kind: "index", day: 7, text: "7" });
});

Deno.test("readDate() and isoDate() are inverse over four centuries", () => {
  const property = fc.property(fc.integer({ min: -70_000, max: 70_000 }), (day) => {
    assert.deepEqual(readDate(isoDate(day)), { kind: "day", day, text: isoDate(day) });
  });
  fc.assert(property, { seed: 4, numRuns: 500 });
});

Deno.test("dayOf() knows leap years", () => {
  assert.equal(dayOf(2023, 2, 29), undefined);
  assert.equal(isoDate(dayOf(2024, 2, 29)!), "2024-02-29");
  assert.equal(dayOf(1900, 2, 29), undefined);
  assert.equal(dayOf(2023, 13, 1), undefined);
  assert.equal(weekdayOf(dayOf(2022, 1, 3)!), 1);
});

Deno.test("findCadence() names daily, weekly, weekday, monthly, quarterly and yearly rows", () => {
  const every = (step: number, first = 19359) =>
    Array.from({ length: 30 }, (_, t) => isoDate(first + step * t));
  assert.equal(describe(every(1)), "daily");
  assert.equal(describe(every(7)), "weekly");
  assert.equal(describe(every(14)), "every 14 days");
  assert.equal(describe(every(28)), "every 28 days");
  const weekdays = every(1).filter((date) => weekdayOf(days([date])[0]) % 6 !== 0);
  assert.equal(describe(weekdays), "on weekdays");
  const months = (step: number, day: number) =>
    Array.from(
      { length: 30 },
      (_, t) => isoDate(dayOf(2020 + Math.floor(t * step / 12), t * step % 12 + 1, day)!),
    );
  assert.equal(describe(months(1, 1)), "monthly");
  assert.equal(describe(months(3, 15)), "quarterly");
  assert.equal(describe(months(12, 15)), "yearly");
  const monthEnds = Array.from(
    { length: 30 },
    (_, t) => isoDate(dayOf(2020 + Math.floor((t + 1) / 12), (t + 1) % 12 + 1, 1)! - 1),
  );
  assert.equal(describe(monthEnds), "monthly");
  assert.equal(describeCadence(findCadence([0, 2, 4, 6], true)!), "numbered by 2");
});

Deno.test("irregularities() finds exactly the rows that were taken out, at any cadence", () => {
  const cadences: Cadence[] = [
    { unit: "day", step: 1 },
    { unit: "day", step: 7 },
    { unit: "weekday", step: 1 },
    { unit: "month", step: 1 },
    { unit: "month", step: 3 },
  ];
  const property = fc.property(
    fc.constantFrom(...cadences),
    fc.integer({ min: 0, max: 400 }),
    fc.integer({ min: 1, max: 58 }),
    fc.integer({ min: 1, max: 3 }),
    (cadence, shift, at, count) => {
      const all = [19359 + 7 * shift]; // a Monday
      while (all.length < 66) all.push(days([nextDate(cadence, all.at(-1)!)])[0]);
      const cut = [...all.slice(0, at), ...all.slice(at + count)];
      assert.deepEqual(irregularities(cut, cadence), [{ index: at, missing: count }]);
      assert.equal(nextDate(cadence, cut[at - 1]), isoDate(all[at]));
      const found = findCadence(cut, false)!;
      assert.deepEqual(irregularities(cut, found), [{ index: at, missing: count }]);
    },
  );
  fc.assert(property, { seed: 5, numRuns: 400 });
});

Deno.test("nextDate() ends a short month on its last day", () => {
  const cadence: Cadence = { unit: "month", step: 1 };
  assert.equal(nextDate(cadence, dayOf(2023, 1, 31)!), "2023-02-28");
  assert.equal(nextDate(cadence, dayOf(2023, 12, 31)!), "2024-01-31");
  assert.equal(monthOf(dayOf(2023, 1, 1)!), 12 * 2023);
});

Deno.test("findCadence() believes in no cadence when a fifth of the steps differ", () => {
  assert.equal(findCadence([0, 1, 5, 6, 11, 12, 20], false), undefined);
});
