/** The service's log: a JSON object a line on stderr. */

export function log(level: "info" | "error", message: string, facts: Record<string, unknown> = {}): void {
  console.error(JSON.stringify({ time: new Date().toISOString(), level, message, ...facts }));
}

export function logError(message: string, error: unknown, facts: Record<string, unknown> = {}): void {
  const cause = error instanceof Error ? error.stack ?? error.message : String(error);
  log("error", message, { ...facts, cause });
}
