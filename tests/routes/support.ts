/** A service with its routes, on a port of its own and in a directory of its own; the engine is real or a fake. */
import assert from "node:assert/strict";
import { simulateSeries } from "../../lib/data/simulate.ts";
import { parseLimits } from "../../lib/service/limits.ts";
import { JobService } from "../../lib/service/service.ts";
import type { Tokens } from "../../lib/service/tokens.ts";
import type { WebhookSettings } from "../../lib/service/webhooks/deliveries.ts";
import { makeApp } from "../../routes/app.ts";
import { Metrics } from "../../routes/metrics.ts";

export const FAKE_ENGINE = new URL("../service/fake_engine.ts", import.meta.url);

export interface Site extends AsyncDisposable {
  readonly service: JobService;
  readonly url: string;
  /** Sends JSON, or whatever `init` says. */
  ask(path: string, init?: RequestInit & { json?: unknown }): Promise<Answer>;
  /** Sends a fit and hands back its id. */
  send(body?: Record<string, unknown>, headers?: Record<string, string>): Promise<string>;
  /** Sends a comparison and hands back its id. */
  compare(body?: Record<string, unknown>, headers?: Record<string, string>): Promise<string>;
  /** A fit or a comparison once it has ended. */
  // deno-lint-ignore no-explicit-any -- bodies are looked into at many places, each of which asserts what it finds
  ended(id: string): Promise<any>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // deno-lint-ignore no-explicit-any -- as above
  readonly body: any;
}

export interface SiteOptions {
  readonly limits?: Record<string, number>;
  readonly tokens?: Tokens;
  readonly real?: boolean;
  readonly checkpointMs?: number;
  readonly directory?: string;
  readonly webhooks?: WebhookSettings;
}

/** A small series with known truth, as rows. */
export function smallRows(count = 40, seed = 5): Record<string, unknown>[] {
  const { spend, response } = simulateSeries("single", seed, count);
  return Array.from(spend, (x, t) => ({ week: t + 1, spend: x, sales: response[t] }));
}

/** What a real engine does in a third of a second. */
export const SMALL_FIT = { method: "chees", components: 1, chains: 8, warmup: 50, draws: 50 } as const;

/** The same for a comparison, in a second or so. */
export const SMALL_COMPARISON = { methods: ["chees", "advi"], components: 1, effort: 0.1 } as const;

export async function openSite(
  { limits = {}, tokens, real = false, checkpointMs, directory, webhooks }: SiteOptions = {},
): Promise<Site> {
  const place = directory ?? await Deno.makeTempDir({ prefix: "hillmix-service-" });
  const service = await JobService.open({
    directory: place,
    engine: "cpu",
    limits: parseLimits(limits, "limits"),
    ...(real ? {} : { engineScript: FAKE_ENGINE }),
    ...(checkpointMs === undefined ? {} : { checkpointMs }),
    ...(webhooks === undefined ? {} : { webhooks }),
  });
  const app = makeApp({ service, tokens, loopback: true, metrics: new Metrics() });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request, { remoteAddr }) => app.fetch(request, { remote: remoteAddr.hostname }),
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const ask: Site["ask"] = async (path, { json, ...init } = {}) => {
    const headers = new Headers(init.headers);
    if (json !== undefined && !headers.has("Content-Type")) headers.set("Content-Type", "application/json");
    const body = json === undefined ? {} : { method: "POST", body: JSON.stringify(json) };
    const response = await fetch(url + path, { ...body, ...init, headers });
    const text = await response.text();
    const isJson = /[/+]json$/.test(response.headers.get("Content-Type") ?? "");
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== "" ? JSON.parse(text) : undefined,
    };
  };
  const close = async () => {
    const closed = server.shutdown();
    await service.close();
    await closed;
  };
  const send = async (path: string, json: unknown, headers: Record<string, string>): Promise<string> => {
    const answer = await ask(path, { json, headers });
    assert.equal(answer.status, 202, answer.text);
    return answer.body.id;
  };
  const data = { rows: smallRows() };
  let open = true;
  return {
    service,
    url,
    ask,
    send: (body = {}, headers = {}) => send("/v1/fits", { data, ...SMALL_FIT, ...body }, headers),
    compare: (body = {}, headers = {}) =>
      send("/v1/compare", { data, ...SMALL_COMPARISON, ...body }, headers),
    async ended(id) {
      const path = id.startsWith("compare_") ? "/v1/compare" : "/v1/fits";
      const { body } = await ask(`${path}/${id}`, { headers: { Prefer: "wait=60" } });
      assert.ok(body.ended_at !== null, `${id} is ${body.state}`);
      return body;
    },
    async close() {
      open = false;
      await close();
    },
    async [Symbol.asyncDispose]() {
      if (open) await close();
      if (directory === undefined) await Deno.remove(place, { recursive: true });
    },
  };
}

/** Reads events until the stream ends or `enough` says so. */
export async function readEvents(
  url: string,
  { last, enough = () => false, headers = {} }: {
    last?: string;
    enough?: (seen: readonly Event[]) => boolean;
    headers?: Record<string, string>;
  } = {},
): Promise<Event[]> {
  const response = await fetch(url, {
    headers: { ...headers, ...(last === undefined ? {} : { "Last-Event-ID": last }) },
  });
  assert.equal(response.status, 200);
  const seen: Event[] = [];
  let text = "";
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + piece).split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const fields = new Map(
        block.split("\n").map((line) => line.split(/: ?(.*)/s).slice(0, 2) as [string, string]),
      );
      if (!fields.has("event")) continue;
      seen.push({
        id: fields.get("id")!,
        event: fields.get("event")!,
        data: JSON.parse(fields.get("data")!),
      });
    }
    if (enough(seen)) break;
  }
  return seen;
}

export interface Event {
  readonly id: string;
  readonly event: string;
  // deno-lint-ignore no-explicit-any -- as above
  readonly data: any;
}
