/** Numbers as people write them in tables: plain ones are read, every other way of writing is explained. */

/** What a cell holds. `fault` names the kind of mistake, the same for alike mistakes; `advice` is a sentence. */
export type Cell =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "empty" }
  | { readonly kind: "bad"; readonly fault: string; readonly advice: string };

const PLAIN = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** Beyond this a variance overflows even in 64-bit floating point. */
const LARGEST = 1e100;

const MISSING = /^(na|n\/a|#n\/a|nan|null|none|nil|missing|unknown|-+|\.|\?|#value!|#div\/0!|#ref!)$/i;
const INFINITE = /^[+-]?(inf|infinity|∞)$/i;
const CURRENCY = /[$€£¥₹₽₩]|^(usd|eur|gbp|chf|jpy|cad|aud|inr)\b|\b(usd|eur|gbp|chf|jpy|cad|aud|inr)$/i;
const COMMA_GROUPS = /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/;
const POINT_GROUPS = /^[+-]?\d{1,3}(\.\d{3})+(,\d+)?$/;
const BLANK_GROUPS = /^[+-]?\d{1,3}([\s\u00a0\u202f'’_]\d{3})+([.,]\d+)?$/;
const DECIMAL_COMMA = /^[+-]?\d+,\d+$/;

/**
 * Reads one cell. Only plain decimals count as numbers, because a guess at what `1,234` means is wrong by a
 * factor of a thousand half of the time.
 *
 * @param text the cell, without surrounding blanks
 */
export function readCell(text: string): Cell {
  if (text === "") return { kind: "empty" };
  if (PLAIN.test(text)) {
    const value = Number(text);
    return Math.abs(value) <= LARGEST ? { kind: "number", value } : bad(
      "too large",
      "the number is too large to compute with; check its units.",
    );
  }
  if (MISSING.test(text)) {
    return bad("missing", "the value is missing; fill it in (0 where nothing was spent or sold).");
  }
  if (INFINITE.test(text)) return bad("infinite", "the value is infinite; write a finite number.");
  if (CURRENCY.test(text)) {
    const bare = text.replace(/[^\d.,'’\s\u00a0\u202f()+-]/g, "").trim();
    return bad("currency", `the number carries a currency sign; ${writeAs(plainForm(bare))}.`);
  }
  if (/%$/.test(text)) {
    return bad(
      "percent",
      `the number carries a percent sign; ${writeAs(plainForm(text.slice(0, -1).trim()))}.`,
    );
  }
  if (/^\(.+\)$/.test(text)) {
    return bad("brackets", "the number is in brackets; write negative numbers with a minus sign.");
  }
  return separated(text);
}

function separated(text: string): Cell {
  const plain = plainForm(text);
  if (COMMA_GROUPS.test(text)) {
    const ambiguous = /^[+-]?\d{1,3},\d{3}$/.test(text);
    return ambiguous
      ? bad(
        "separator",
        `the comma may group thousands or mark decimals; write ${plain} or ${text.replace(",", ".")}.`,
      )
      : bad("separator", `the number has thousands separators; ${writeAs(plain)}.`);
  }
  if (POINT_GROUPS.test(text) || BLANK_GROUPS.test(text)) {
    return bad("separator", `the number has thousands separators; ${writeAs(plain)}.`);
  }
  if (DECIMAL_COMMA.test(text)) {
    return bad("decimal comma", `the number has a decimal comma; ${writeAs(plain)}, with a point.`);
  }
  if (/^(true|false|yes|no)$/i.test(text)) {
    return bad("truth", `the cell holds a word; write ${/^(true|yes)$/i.test(text) ? 1 : 0} instead.`);
  }
  if (/^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}/.test(text)) {
    return bad("date", "the cell holds a date where a number is meant; check which column is which.");
  }
  return bad("text", "the cell is not a number; write a plain one, such as 1234.5.");
}

/** The plain decimal that a grouped or comma number stands for, or undefined if there is none. */
function plainForm(text: string): string | undefined {
  const tight = text.replace(/[\s\u00a0\u202f'’_]/g, "");
  let plain = tight;
  if (COMMA_GROUPS.test(tight)) plain = tight.replaceAll(",", "");
  else if (POINT_GROUPS.test(tight) && !/^[+-]?\d{1,3}\.\d{3}$/.test(tight)) {
    plain = tight.replaceAll(".", "").replace(",", ".");
  } else if (DECIMAL_COMMA.test(tight)) plain = tight.replace(",", ".");
  return PLAIN.test(plain) ? plain : undefined;
}

function writeAs(plain: string | undefined): string {
  return plain === undefined ? "write digits and a decimal point only" : `write it as ${plain}`;
}

function bad(fault: string, advice: string): Cell {
  return { kind: "bad", fault, advice };
}
