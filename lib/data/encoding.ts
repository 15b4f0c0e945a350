/** Tells UTF-8 text from everything else that gets handed over as a CSV file, and says what else it is. */
import type { Problem } from "../errors.ts";

/** First bytes of what people mistake for CSV, and what to do about each. */
const SIGNATURES: readonly { readonly bytes: readonly number[]; readonly message: string }[] = [
  {
    bytes: [0x50, 0x4b, 0x03, 0x04],
    message: "is a spreadsheet workbook or ZIP archive; save the sheet as CSV (UTF-8).",
  },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], message: "is an old Excel workbook; save the sheet as CSV (UTF-8)." },
  { bytes: [0x1f, 0x8b], message: "is compressed with gzip; unpack it first." },
  { bytes: [0x50, 0x41, 0x52, 0x31], message: "is a Parquet file; export it as CSV." },
  { bytes: [0x25, 0x50, 0x44, 0x46], message: "is a PDF; export the table as CSV." },
  { bytes: [0xff, 0xfe], message: "is UTF-16 text; save it as CSV in UTF-8." },
  { bytes: [0xfe, 0xff], message: "is UTF-16 text; save it as CSV in UTF-8." },
];

/** What keeps bytes from being read as UTF-8 text, or undefined if nothing does. */
export function findEncodingProblem(bytes: Uint8Array, name: string): Problem | undefined {
  const known = SIGNATURES.find((each) => each.bytes.every((byte, i) => bytes[i] === byte));
  if (known !== undefined) return { where: name, message: `the file ${known.message}` };
  const start = new TextDecoder().decode(bytes.subarray(0, 200)).trimStart();
  if (/^<(!doctype|html|\?xml)/i.test(start)) {
    return { where: name, message: "the file is a web page or XML; download the table itself as CSV." };
  }
  if (/^[[{]\s*["{[]/.test(start)) {
    return { where: name, message: "the file is JSON; save the table as CSV." };
  }
  const offset = firstInvalidUtf8(bytes);
  if (offset >= 0) {
    return {
      where: name,
      row: lineAt(bytes, offset),
      value: `0x${bytes[offset].toString(16).padStart(2, "0")}`,
      message: `the file is not UTF-8: byte ${offset + 1} is no part of any letter; save it as CSV in UTF-8.`,
    };
  }
  const zero = bytes.indexOf(0);
  return zero < 0 ? undefined : {
    where: name,
    row: lineAt(bytes, zero),
    message: `the file is not text: byte ${zero + 1} is zero; save the table as CSV in UTF-8.`,
  };
}

/**
 * Offset of the first byte that is not well-formed UTF-8, or -1. The ranges are those of the Unicode Standard 15,
 * table 3-7 (overlong forms, surrogates and code points over U+10FFFF are ill-formed).
 */
export function firstInvalidUtf8(bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length;) {
    const lead = bytes[i];
    if (lead < 0x80) {
      i++;
      continue;
    }
    const length = lead >= 0xc2 && lead <= 0xdf
      ? 2
      : lead >= 0xe0 && lead <= 0xef
      ? 3
      : lead >= 0xf0 && lead <= 0xf4
      ? 4
      : 0;
    if (length === 0) return i;
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    for (let k = 1; k < length; k++) {
      const byte = bytes[i + k] ?? 0;
      if (byte < (k === 1 ? low : 0x80) || byte > (k === 1 ? high : 0xbf)) return i;
    }
    i += length;
  }
  return -1;
}

/** 1-based line that a byte lies on. */
function lineAt(bytes: Uint8Array, offset: number): number {
  let line = 1;
  for (let i = 0; i < offset; i++) if (bytes[i] === 0x0a) line++;
  return line;
}
