/** Data sets over HTTP. */
import assert from "node:assert/strict";
import { formatCsv } from "../../lib/data/csv.ts";
import { datasetSchema, reviewSchema } from "../../routes/views.ts";
import { openSite, SMALL_FIT, smallRows } from "./support.ts";

const ROWS = smallRows();
const CSV = formatCsv(
  ["week", "tv", "money"],
  ROWS.map(({ week, spend, sales }) => [week, spend, sales] as number[]),
);

Deno.test("a data set is sent once, looked at, fitted, and deleted when no fit refers to it", async () => {
  await using site = await openSite();
  const made = await site.ask("/v1/datasets?name=shop&spend=tv&target=money", {
    method: "POST",
    body: CSV,
    headers: { "Content-Type": "text/csv; charset=utf-8" },
  });
  assert.equal(made.status, 201, made.text);
  const { id, review } = datasetSchema.extend({ review: reviewSchema }).strict().parse(made.body);
  assert.deepEqual([made.body.name, made.body.rows, made.body.columns], ["shop", 40, [
    "week",
    "tv",
    "money",
  ]]);
  assert.deepEqual([review.usable, review.series!.rows, review.series!.target], [true, 40, "money"]);
  assert.equal(made.headers.get("Location"), `/v1/datasets/${id}`);

  const other = await site.ask(`/v1/datasets/${id}/review?spend=tv&target=tv`);
  assert.deepEqual([other.status, other.body.usable, other.body.series], [200, false, null]);
  assert.equal((await site.ask(`/v1/datasets/${id}/review?colour=red`)).status, 422);

  const fit = await site.send({ data: { dataset: id }, spend: ["tv"], target: "money" });
  const done = await site.ended(fit);
  assert.deepEqual([done.state, done.data], ["succeeded", { name: "shop", dataset: id }]);
  assert.equal((await site.ask(`/v1/datasets/${id}`, { method: "DELETE" })).status, 409);
  const wrong = await site.ask("/v1/fits", { json: { data: { dataset: id }, ...SMALL_FIT } });
  assert.deepEqual(wrong.body.errors.map(({ path }: { path: string }) => path), ["target", "spend"]);

  await site.ask(`/v1/fits/${fit}`, { method: "DELETE" });
  assert.equal((await site.ask(`/v1/datasets/${id}`, { method: "DELETE" })).status, 204);
  assert.equal((await site.ask(`/v1/datasets/${id}`)).status, 404);
  assert.equal((await site.ask("/v1/datasets")).body.items.length, 0);
});

Deno.test("rows as JSON say their columns' parts themselves", async () => {
  await using site = await openSite();
  const made = await site.ask("/v1/datasets", {
    json: { rows: ROWS, name: "rows", target: "sales", spend: ["spend"] },
  });
  assert.deepEqual([made.status, made.body.review.usable], [201, true]);
  const unusable = await site.ask("/v1/datasets", { json: { csv: CSV } });
  assert.deepEqual([unusable.status, unusable.body.review.usable], [201, false]);
  const both = await site.ask("/v1/datasets?name=x", { json: { rows: ROWS } });
  assert.deepEqual([both.status, both.body.errors[0].path], [422, "query.name"]);
  const list = await site.ask("/v1/datasets?limit=1");
  assert.deepEqual([list.body.items.length, list.body.items[0].id], [1, unusable.body.id]);
  const rest = await site.ask(`/v1/datasets?limit=1&cursor=${list.body.next_cursor}`);
  assert.deepEqual([rest.body.items[0].id, rest.body.next_cursor], [made.body.id, null]);
});

Deno.test("what is no table is not kept", async () => {
  await using site = await openSite();
  const send = (body: BodyInit, type = "text/csv") =>
    site.ask("/v1/datasets", { method: "POST", body, headers: { "Content-Type": type } });
  for (
    const body of ["", "a\n1\n", "a,b\n1\n", new Uint8Array([0x50, 0x4b, 3, 4]), new Uint8Array([0xff, 0x61])]
  ) {
    const { status, body: problem } = await send(body);
    assert.equal(status, 422);
    assert.ok(problem.errors.length > 0);
  }
  assert.equal((await send("{}", "application/json")).status, 422);
  assert.equal((await send('{"rows":[]}', "application/json")).status, 422);
  assert.equal((await send("x", "image/png")).status, 415);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(`${site.service.files.directory}/datasets`)), []);
});
