/** The command line: picks a command, nothing more. */
import { main } from "./lib/commands/main.ts";
import { processTerminal } from "./lib/report/terminal.ts";

if (import.meta.main) Deno.exit(await main(Deno.args, processTerminal()));
