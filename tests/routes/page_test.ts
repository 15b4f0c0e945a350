/** The page's files as they are served; what a browser makes of them is tested in `tests/page`. */
import assert from "node:assert/strict";
import { CONTENDERS, USUAL_CONTENDERS } from "../../lib/compare/contenders.ts";
import { METHODS } from "../../lib/fit_types.ts";
import { openSite } from "./support.ts";

Deno.test("the page is whole: every file that another names is there, under the strict policy", async () => {
  await using site = await openSite();
  const seen = new Map<string, string>(), ahead = ["/"];
  for (let path = ahead.pop(); path !== undefined; path = ahead.pop()) {
    if (seen.has(path)) continue;
    const { status, headers, text } = await site.ask(path);
    assert.equal(status, 200, path);
    assert.match(headers.get("Content-Security-Policy") ?? "", /default-src 'none'; script-src 'self'/);
    seen.set(path, text);
    assert.doesNotMatch(text, /https?:\/\/(?!www\.w3\.org)/, `${path} names another place`);
    const named = [...text.matchAll(/(?:href|src)="(\/page\/[^"]+)"|from "\.\/([a-z_]+\.js)"/g)];
    ahead.push(...named.map(([, whole, script]) => whole ?? `/page/${script}`));
  }
  assert.ok(seen.size > 15, [...seen.keys()].join(" "));
  assert.doesNotMatch(seen.get("/")!, /<style|style=|<script(?! type="module" src=)| on[a-z]+=/);
  let letters = 0;
  for (const text of seen.values()) letters += text.length;
  assert.ok(letters < 150_000, `${letters} letters`);
});

Deno.test("files that a browser has are not sent again", async () => {
  await using site = await openSite();
  const { headers } = await site.ask("/page/app.js");
  assert.equal(headers.get("Content-Type"), "text/javascript; charset=utf-8");
  const again = await site.ask("/page/app.js", { headers: { "If-None-Match": headers.get("ETag")! } });
  assert.deepEqual([again.status, again.text], [304, ""]);
});

Deno.test("the page offers what requests may hold", async () => {
  await using site = await openSite({ limits: { body_bytes: 1000 } });
  const { body } = await site.ask("/page/options.json");
  assert.deepEqual(body.methods.map(({ name }: { name: string }) => name), Object.keys(METHODS));
  assert.deepEqual([body.method, body.components.min, body.components.max, body.body_bytes], [
    "auto",
    1,
    8,
    1000,
  ]);
  assert.equal(body.example.usable, true);
  assert.deepEqual(
    body.contenders.map(({ name }: { name: string }) => name),
    CONTENDERS.map(({ name }) => name),
  );
  const usual = body.contenders.filter(({ usual }: { usual: boolean }) => usual);
  assert.deepEqual(usual.length, USUAL_CONTENDERS.length);
  assert.deepEqual([body.effort.min, body.effort.usual, body.effort.max], [0.01, 1, 100]);
});
