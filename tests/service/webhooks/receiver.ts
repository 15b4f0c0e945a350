/** Receives webhooks on this machine, and answers them as it is told. */

export interface Received {
  readonly headers: Headers;
  readonly body: string;
  readonly path: string;
}

export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** Resolves when that many have come. */
  until(count: number): Promise<void>;
}

/** @param answer to the `n`-th, from 0; a status, or a response */
export function openReceiver(
  answer: (n: number) => number | Response | Promise<Response> = () => 204,
  options: { port?: number; cert?: string; key?: string } = {},
): Receiver {
  const received: Received[] = [], waiting: { count: number; tell(): void }[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, ...options, onListen() {} } as Deno.ServeTcpOptions,
    async (request) => {
      const n = received.length;
      received.push({
        headers: request.headers,
        body: await request.text(),
        path: new URL(request.url).pathname,
      });
      for (const { count, tell } of waiting) if (received.length >= count) tell();
      const given = await answer(n);
      return typeof given === "number" ? new Response(null, { status: given }) : given;
    },
  );
  const { port } = server.addr;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    received,
    until: (count) =>
      received.length >= count ? Promise.resolve() : new Promise((tell) => waiting.push({ count, tell })),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** An answer that comes when it is let, and the way to let it. */
export function heldBack(): { readonly answer: Promise<Response>; let(): void } {
  const { promise, resolve } = Promise.withResolvers<Response>();
  return { answer: promise, let: () => resolve(new Response(null, { status: 204 })) };
}
