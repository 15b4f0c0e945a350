/** The key that clients' signing secrets are made of: one for each service, in its directory, for its owner alone. */
import { join } from "node:path";
import { InputError } from "../../errors.ts";

const BYTES = 32;

/** Reads the key; the first time, makes it. @throws InputError if the file holds something else */
export function openWebhookKey(directory: string): Uint8Array {
  const path = join(directory, "webhook.key");
  try {
    Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
    using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
    file.writeSync(crypto.getRandomValues(new Uint8Array(BYTES)));
    file.syncDataSync();
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  const key = Deno.readFileSync(path);
  if (key.length === BYTES) return key;
  const message =
    `holds ${key.length} bytes instead of the ${BYTES} of a key; delete it, have a new one made, ` +
    "and hand out the new secrets (serve --webhook-secret).";
  throw new InputError([{ where: path, message }]);
}
