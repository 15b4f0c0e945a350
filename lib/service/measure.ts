/** How much a body holds, told before it is parsed: parsing hostile text is what takes memory and stack. */

/** Of a JSON text. */
export interface JsonSize {
  /** Lists and objects within one another. */
  readonly depth: number;
  /** At least as many as there are values; commas outside of texts, and one. */
  readonly values: number;
}

const QUOTE = 0x22, BACKSLASH = 0x5c, COMMA = 0x2c;
const OPEN = [0x5b, 0x7b], CLOSE = [0x5d, 0x7d];

/** Measures UTF-8 text taken for JSON; says nothing on whether it is. */
export function measureJson(bytes: Uint8Array): JsonSize {
  let depth = 0, deepest = 0, values = 1, quoted = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (quoted) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (byte === COMMA) values++;
    else if (byte === OPEN[0] || byte === OPEN[1]) {
      values++;
      deepest = Math.max(deepest, ++depth);
    } else if (byte === CLOSE[0] || byte === CLOSE[1]) depth--;
  }
  return { depth: deepest, values };
}

const SEPARATORS = new Set([...",;\t\n\r"].map((letter) => letter.charCodeAt(0)));

/** At least as many as a CSV text has cells: all that may separate two, and one. */
export function countCells(csv: Uint8Array): number {
  let cells = 1;
  for (let i = 0; i < csv.length; i++) if (SEPARATORS.has(csv[i])) cells++;
  return cells;
}
