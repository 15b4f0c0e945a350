/**
 * How long `GET /healthz` takes with 50 clients while a long fit runs, and without one. Not a test: run it on a calm
 * machine, the service and its engine on two cores (such as 0,1), this on others.
 *
 *     deno run --allow-read --allow-write --allow-run --allow-net --allow-env tests/long/service_load.ts [seconds] [engine] [cores]
 */
import { parseArgs } from "node:util";
import { readEvents, smallRows } from "../routes/support.ts";
import { startServer } from "../service/server.ts";

const CLIENTS = 50;

const REQUEST = new TextEncoder().encode("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");

/** Each client asks again as soon as it is answered, over a connection of its own: fetch() would cost more than asking. */
async function measure(url: string, seconds: number): Promise<number[]> {
  const { hostname, port } = new URL(url), until = performance.now() + 1000 * seconds;
  const clients = Array.from({ length: CLIENTS }, async () => {
    const times: number[] = [], buffer = new Uint8Array(4096);
    using connection = await Deno.connect({ hostname, port: Number(port) });
    while (performance.now() < until) {
      const began = performance.now();
      await connection.write(REQUEST);
      for (let answer = ""; !answer.endsWith("}");) {
        answer += new TextDecoder().decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
      }
      times.push(performance.now() - began);
    }
    return times;
  });
  return (await Promise.all(clients)).flat().sort((a, b) => a - b);
}

function say(what: string, times: readonly number[], seconds: number): void {
  const at = (share: number) => times[Math.floor(share * (times.length - 1))].toFixed(1);
  const rate = Math.round(times.length / seconds);
  console.log(
    `${what}: ${rate} requests/s; median ${at(0.5)} ms, p90 ${at(0.9)}, p99 ${at(0.99)}, largest ${at(1)}`,
  );
}

if (import.meta.main) {
  const { positionals: [time = "15", engine = "cpu", cores] } = parseArgs({ allowPositionals: true });
  const seconds = Number(time), directory = await Deno.makeTempDir();
  const before = cores === undefined ? [] : ["taskset", "--cpu-list", cores];
  const server = await startServer(directory, { engine, before });
  try {
    say("idle", await measure(server.url, seconds), seconds);
    const sent = await fetch(`${server.url}/v1/fits`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        data: { rows: smallRows(200) },
        components: 3,
        method: "chees",
        chains: 256,
        warmup: 400,
        draws: 10_000,
      }),
    });
    const { id } = await sent.json(), fit = `${server.url}/v1/fits/${id}`;
    const warm = (seen: readonly { data: { phase?: string } }[]) =>
      seen.some(({ data }) => data.phase === "warm-up");
    await readEvents(`${fit}/events`, { enough: warm });
    say("while a fit runs", await measure(server.url, seconds), seconds);
    const { state } = await (await fetch(fit)).json();
    console.log(`the fit is ${state}`);
    await fetch(`${fit}/cancel`, { method: "POST" });
  } finally {
    await server.signal("SIGTERM");
    await Deno.remove(directory, { recursive: true });
  }
}
