/** `serve --webhooks` as it is started, killed between a job's end and its delivery, and started again. */
import assert from "node:assert/strict";
import { SMALL_FIT, smallRows } from "../../routes/support.ts";
import { heldBack, openReceiver } from "./receiver.ts";
import { startServer } from "../server.ts";

const SENDING = { more: ["--webhooks=private"] };

async function send(url: string, hook: string): Promise<string> {
  const response = await fetch(`${url}/v1/fits`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ data: { rows: smallRows() }, ...SMALL_FIT, webhook: { url: hook } }),
  });
  assert.equal(response.status, 202, await response.clone().text());
  return (await response.json()).id;
}

async function until(url: string, id: string, enough: (now: { state: string; tries: number }) => boolean) {
  for (const began = Date.now(); Date.now() < began + 60_000;) {
    const { webhook } = await (await fetch(`${url}/v1/fits/${id}`)).json();
    if (enough(webhook)) return webhook;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail("the webhook did not get there");
}

Deno.test("killed while the receiver takes its time, and while it is away: told after the restart, under the same id", async () => {
  const directory = await Deno.makeTempDir(), held = heldBack();
  try {
    let server = await startServer(directory, SENDING), away: string;
    {
      await using receiver = openReceiver((n) => n === 0 ? held.answer : 204);
      const id = await send(server.url, receiver.url);
      await receiver.until(1);
      await server.signal("SIGKILL");
      held.let();
      server = await startServer(directory, SENDING);
      const delivered = await until(server.url, id, ({ state }) => state === "delivered");
      assert.deepEqual(delivered, { state: "delivered", tries: 1, last_error: null });
      assert.deepEqual(receiver.received.map(({ headers }) => headers.get("webhook-id")), [id, id]);
      away = receiver.url;
    }
    const late = await send(server.url, away);
    const { last_error } = await until(server.url, late, ({ tries }) => tries === 1);
    assert.match(last_error, /could not be reached \(ECONNREFUSED\)/);
    await server.signal("SIGKILL");
    await using receiver = openReceiver(() => 204, { port: Number(new URL(away).port) });
    server = await startServer(directory, SENDING);
    await receiver.until(1);
    const { tries } = await until(server.url, late, ({ state }) => state === "delivered");
    assert.equal(tries, 2);
    assert.equal(receiver.received[0].headers.get("webhook-id"), late);
    assert.equal(await server.signal("SIGTERM"), 0);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
