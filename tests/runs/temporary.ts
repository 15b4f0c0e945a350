/** Directories for tests that write. */

/** Runs a test in a temporary directory that is removed afterwards. */
export function inTemporary(name: string, body: (directory: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const directory = await Deno.makeTempDir();
    try {
      await body(directory);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}

/** What a directory holds, sorted. */
export const names = async (path: string): Promise<string[]> =>
  (await Array.fromAsync(Deno.readDir(path), (each) => each.name)).sort();
