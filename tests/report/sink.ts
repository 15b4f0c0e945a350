/** A sink that remembers, in place of a terminal or a pipe. */
import { type Paint, plain, type Sink } from "../../lib/report/terminal.ts";

export interface MemorySink extends Sink {
  /** Everything written. */
  text(): string;
}

export function memorySink(
  { interactive = false, width = 80, paint = plain }: {
    interactive?: boolean;
    width?: number;
    paint?: Paint;
  } = {},
): MemorySink {
  let written = "";
  return {
    interactive,
    paint,
    width: () => width,
    write: (text) => {
      written += text;
    },
    text: () => written,
  };
}
