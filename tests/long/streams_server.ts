/** The service with a fit at work, in a process that collects its garbage and tells its memory when a line comes. */
import { linesOf } from "../../lib/service/json_lines.ts";
import { openSite } from "../routes/support.ts";
import { Seed } from "../service/seeds.ts";

const { gc } = globalThis as unknown as { gc(): void };
await using site = await openSite({ limits: { requests_per_second: 10_000, burst: 10_000 } });
const id = await site.send({ seed: Seed.chatters });
console.log(`${site.url}/v1/fits/${id}/events`);
for await (const _line of linesOf(Deno.stdin.readable)) {
  gc();
  const streams = /^hillmix_event_streams (\d+)$/m.exec((await site.ask("/metrics")).text)![1];
  console.log(JSON.stringify({ ...Deno.memoryUsage(), streams: Number(streams) }));
}
