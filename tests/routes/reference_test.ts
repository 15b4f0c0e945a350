/** The API's own description holds what the API does. */
import assert from "node:assert/strict";
import { COMPARE_OPTIONS } from "../../lib/commands/compare_request.ts";
import { FIT_OPTIONS } from "../../lib/commands/fit_request.ts";
import { makeApp } from "../../routes/app.ts";
import { Metrics } from "../../routes/metrics.ts";
import { openSite } from "./support.ts";

Deno.test("the description names every route and every option of the command line", async () => {
  await using site = await openSite();
  const { body } = await site.ask("/openapi.json");
  assert.equal(body.openapi, "3.1.0");
  const properties = body.components.schemas.FitRequest.properties;
  for (const name of Object.keys(FIT_OPTIONS)) assert.ok(name in properties, name);
  assert.deepEqual([properties.chains.minimum, properties.chains.maximum], [4, 16384]);
  assert.ok(properties.method.enum.includes("tempered"));
  const compared = body.components.schemas.ComparisonRequest.properties;
  for (const name of Object.keys(COMPARE_OPTIONS)) assert.ok(name in compared, name);
  assert.ok(compared.methods.items.enum.includes("nuts:none"));
  for (const [path, item] of Object.entries(body.paths as Record<string, Record<string, unknown>>)) {
    for (const method of Object.keys(item).filter((name) => name !== "parameters")) {
      const { status } = await site.ask(path.replace("{id}", "none"), { method: method.toUpperCase() });
      assert.notEqual(status, 405, `${method} ${path}`);
      assert.ok(status < 500, `${method} ${path}`);
    }
  }
  const { service } = site;
  const app = makeApp({ service, tokens: undefined, loopback: true, metrics: new Metrics() });
  const routes = app.routes.filter(({ path, method }) => path.startsWith("/v1/") && method !== "ALL");
  assert.ok(routes.length > 15);
  for (const { path, method } of routes) {
    const named = path.replaceAll(/:(\w+)/g, "{$1}");
    assert.ok(body.paths[named]?.[method.toLowerCase()] !== undefined, `${method} ${path}`);
  }
  const refs = [...JSON.stringify(body).matchAll(/"#\/components\/(\w+)\/(\w+)"/g)];
  assert.ok(refs.length > 20);
  for (const [, kind, name] of refs) assert.ok(name in body.components[kind], `${kind}/${name}`);
});

Deno.test("the description tells what a webhook gets, and how it is to answer", async () => {
  await using site = await openSite();
  const { body } = await site.ask("/openapi.json");
  for (const path of ["/v1/fits", "/v1/compare"]) {
    const { post } = body.paths[path].post.callbacks.ended["{$request.body#/webhook/url}"];
    const { $ref } = post.requestBody.content["application/json"].schema;
    const { properties } = body.components.schemas[$ref.split("/").at(-1)];
    assert.deepEqual(Object.keys(properties.data.properties), [
      "id",
      "kind",
      "state",
      "verdict",
      "partial",
      "links",
    ]);
    assert.deepEqual(properties.type.enum, ["fit.ended", "compare.ended"]);
    const headers = post.parameters.map(({ name }: { name: string }) => name);
    assert.deepEqual(headers, ["webhook-id", "webhook-timestamp", "webhook-signature"]);
    assert.ok("2XX" in post.responses && "410" in post.responses);
  }
  const { text } = await site.ask("/docs");
  assert.equal(text.split("Calls back").length - 1, 2);
  assert.match(text, /<code>webhook-signature<\/code>/);
});

Deno.test("the page for people works offline and without scripts", async () => {
  await using site = await openSite();
  const { text, headers } = await site.ask("/docs");
  assert.match(headers.get("Content-Type")!, /^text\/html/);
  assert.doesNotMatch(text, /<script|https?:\/\/|undefined|\[object/);
  const ids = new Set([...text.matchAll(/id="([^"]+)"/g)].map(([, id]) => id));
  const links = [...text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
  assert.ok(links.length > 20);
  for (const id of links) assert.ok(ids.has(id), id);
  assert.match(text, /<code>deadline_s<\/code>/);
  assert.equal((await site.ask("/docs.css")).status, 200);
});

Deno.test("health, readiness and numbers", async () => {
  await using site = await openSite();
  assert.deepEqual((await site.ask("/healthz")).body.status, "ok");
  assert.deepEqual((await site.ask("/readyz")).body, {
    status: "ready",
    engine: { engine: "cpu", adapter: "fake", software: true },
  });
  await site.ended(await site.send());
  const { text } = await site.ask("/metrics");
  assert.match(text, /^hillmix_jobs\{state="succeeded"\} 1$/m);
  assert.match(text, /^hillmix_http_requests_total\{method="POST",route="\/v1\/fits",status="202"\} 1$/m);
  assert.match(text, /^hillmix_engine_up 1$/m);
});
