/**
 * Kernel assembly: WGSL has no include, so a kernel is its parts laid end to end after a block of generated
 * constants. The assembled shader remembers which file every line came from, so that compiler messages can.
 */
import { unroll } from "./unroll.ts";

/** One WGSL file, or any piece of source with a name for messages. */
export interface ShaderPart {
  /** Path for messages, such as `kernels/common/rng.wgsl`. */
  readonly file: string;
  readonly source: string;
}

/** A place in a part. */
export interface ShaderPlace {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/** A whole kernel source and where its lines came from. */
export interface Shader {
  readonly code: string;
  /** Where each line of `code` came from. */
  readonly map: readonly ShaderPlace[];
}

/** `const K: u32 = 3u;`: WGSL array lengths need const-expressions, which overrides are not. */
function constantLine(name: string, value: number): string {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new RangeError(`Kernel constant ${name} must be a whole number below 2^32: it is ${value}`);
  }
  return `const ${name}: u32 = ${value}u;`;
}

/**
 * Lays parts end to end, constants first, with the loops marked for it unrolled.
 *
 * @param parts WGSL sources, in the order they are wanted (WGSL itself does not mind the order)
 * @param constants compile-time u32 constants, by name
 * @throws RangeError when a constant is not a u32
 * @throws SyntaxError when a loop marked `// unroll` has bounds that are not constant
 */
export function assemble(
  parts: readonly ShaderPart[],
  constants: Readonly<Record<string, number>> = {},
): Shader {
  const lines = Object.entries(constants).map(([name, value]) => constantLine(name, value));
  const map = lines.map((_, i): ShaderPlace => ({ file: "generated constants", line: i + 1 }));
  for (const { file, source } of parts) {
    const unrolled = unroll(source, constants);
    lines.push(...unrolled.lines);
    map.push(...unrolled.origins.map((line) => ({ file, line })));
  }
  return { code: lines.join("\n"), map };
}
