/** Where text goes: the process's streams, or a test's buffers. Knows width and colour, nothing of content. */
import { styleText } from "node:util";

/** One output stream. */
export interface Sink {
  write(text: string): void;
  /** Whether a person watches it, so that lines may be rewritten in place. */
  readonly interactive: boolean;
  /** Columns to fit in, asked anew each time: windows are resized. */
  width(): number;
  readonly paint: Paint;
}

/** Results go to `out`; progress, notes and errors to `err`. */
export interface Terminal {
  readonly out: Sink;
  readonly err: Sink;
}

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";
/** Colours text, or hands it back as it is where colour is unwanted. */
export type Paint = (style: Style, text: string) => string;

export const plain: Paint = (_style, text) => text;
export const coloured: Paint = (style, text) => styleText(style, text, { validateStream: false });

/** Width taken where there is no terminal to ask. */
export const DEFAULT_WIDTH = 80;

/** The process's own streams. Colour needs a terminal and no NO_COLOR. */
export function processTerminal(): Terminal {
  return { out: processSink(Deno.stdout), err: processSink(Deno.stderr) };
}

function processSink(stream: typeof Deno.stdout | typeof Deno.stderr): Sink {
  const encoder = new TextEncoder();
  const interactive = stream.isTerminal();
  let open = true;
  return {
    interactive,
    paint: interactive && !Deno.noColor ? coloured : plain,
    width: () => interactive ? terminalWidth() : DEFAULT_WIDTH,
    write(text) {
      let rest = encoder.encode(text);
      try {
        while (open && rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
      } catch (error) {
        // The reader of a pipe has seen enough (`hillmix … | head`): not an error of ours.
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
        open = false;
      }
    },
  };
}

function terminalWidth(): number {
  try {
    return Deno.consoleSize().columns || DEFAULT_WIDTH;
  } catch {
    return DEFAULT_WIDTH; // stdin is no terminal: consoleSize throws
  }
}
