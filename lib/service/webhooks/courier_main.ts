/**
 * The process that sends webhooks, told what to send by lines on stdin. A process of its own, because it alone may make
 * connections, and may do nothing else.
 *
 *     deno run --allow-net … lib/service/webhooks/courier_main.ts public|private [ms for a POST]
 */
import { mayReach, type Reach } from "./addresses.ts";
import { post } from "./courier.ts";
import type { Delivered, Order } from "./courier_process.ts";
import { lineOf, linesOf, readLine } from "../json_lines.ts";
import { urlProblem } from "./webhook.ts";

async function main(reach: Reach, limitMs: number): Promise<void> {
  const allowed = (address: string) => mayReach(address, reach);
  const send = async ({ n, letter }: Order) => {
    const problem = urlProblem(letter.url, reach); // the service may have been less strict when the job came in
    const answer = problem === undefined
      ? await post(letter, allowed, limitMs)
      : { error: `The address ${problem}` };
    say({ n, answer });
  };
  for await (const line of linesOf(Deno.stdin.readable)) {
    const order = readLine<Order>(line);
    if (order !== undefined) void send(order);
  }
  Deno.exit(0); // nobody is left to be told
}

function say(delivered: Delivered): void {
  let bytes = lineOf(delivered);
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

if (import.meta.main) await main(Deno.args[0] as Reach, Number(Deno.args[1]));
