import assert from "node:assert/strict";
import { InputError, type Problem } from "../../lib/errors.ts";
import { BASELINE_PRIORS, PRESETS } from "../../lib/model/presets.ts";
import { parseSpec, specSchema } from "../../lib/model/spec.ts";
import { z } from "zod";
import { PRESET_NAMES } from "./support.ts";

function problemsOf(json: unknown): readonly Problem[] {
  try {
    parseSpec(json, "model.json");
  } catch (error) {
    assert.ok(error instanceof InputError);
    return error.problems;
  }
  return [];
}

Deno.test("an empty configuration is the baseline with three components", () => {
  assert.deepEqual(parseSpec({}, "test"), {
    preset: "baseline",
    components: 3,
    controls: [],
    coordinates: "non-centred",
    priors: BASELINE_PRIORS,
    season: null,
  });
});

Deno.test("every preset resolves to a whole specification that reads back as itself", () => {
  for (const preset of PRESET_NAMES) {
    const spec = parseSpec({ preset }, "test");
    assert.equal(spec.preset, preset);
    assert.deepEqual(parseSpec(JSON.parse(JSON.stringify(spec)), "test"), spec);
  }
  assert.equal(parseSpec({ preset: "single" }, "test").components, 1);
  assert.equal(parseSpec({ preset: "centred" }, "test").coordinates, "centred");
  assert.deepEqual(parseSpec({ preset: "combined" }, "test").priors, {
    ...BASELINE_PRIORS,
    ...PRESETS["sparse-dirichlet"].priors,
    ...PRESETS["inverse-gamma"].priors,
  });
});

Deno.test("single priors override the preset's", () => {
  const alpha = { a: 3, b: 1.5 };
  const spec = parseSpec({ preset: "inverse-gamma", components: 2, priors: { alpha } }, "test");
  assert.deepEqual(spec.priors, { ...BASELINE_PRIORS, ...PRESETS["inverse-gamma"].priors, alpha });
  assert.deepEqual(parseSpec({ priors: { alpha: undefined } }, "test").priors, BASELINE_PRIORS);
});

Deno.test("unknown names are refused with the nearest known one", () => {
  const cases: [unknown, string, RegExp][] = [
    [{ preset: "basline" }, "model.json, preset", /Did you mean "baseline"\?/],
    [{ preest: "baseline" }, "model.json, preest", /no such field\. Did you mean "preset"\?/],
    [{ priors: { alpa: { a: 1, b: 1 } } }, "model.json, priors.alpa", /Did you mean "alpha"\?/],
    [
      { priors: { alpha: { a: 1, b: 1, spread: 1 } } },
      "model.json, priors.alpha.spread",
      /Known here: a, b\./,
    ],
    [
      { priors: { sigma: { family: "half-norml", scale: 1 } } },
      "model.json, priors.sigma.family",
      /Did you mean "half-normal"\?/,
    ],
    [
      { priors: { sigma: { family: "half-normal", scale: 1, shape: 2 } } },
      "model.json, priors.sigma.shape",
      /Known here: family, scale\./,
    ],
    [
      { season: { period: 7, harmonics: 2, perod: 7 } },
      "model.json, season.perod",
      /Did you mean "period"\?/,
    ],
  ];
  for (const [json, where, message] of cases) {
    const problems = problemsOf(json);
    assert.equal(problems.length, 1, JSON.stringify(problems));
    assert.equal(problems[0].where, where);
    assert.match(problems[0].message, message);
  }
});

Deno.test("wrong values are refused with path, value and what would be right", () => {
  const cases: [unknown, string, string | undefined, RegExp][] = [
    [3, "model.json", "3", /must be an object/],
    [null, "model.json", undefined, /must be an object/],
    [{ components: 9 }, "model.json, components", "9", /at most 8/],
    [{ components: 0 }, "model.json, components", "0", /at least 1/],
    [{ components: 2.5 }, "model.json, components", "2.5", /whole number/],
    [{ preset: "single", components: 2 }, "model.json, components", "2", /"single" has 1 component/],
    [{ priors: { alpha: { a: 2 } } }, "model.json, priors.alpha.b", undefined, /is missing; give a number/],
    [{ priors: { alpha: { a: -2, b: 1 } } }, "model.json, priors.alpha.a", "-2", /at least 0\.001/],
    [{ priors: { kappa: 3 } }, "model.json, priors.kappa", "3", /must be an object/],
    [
      { priors: { sigma: { scale: 3 } } },
      "model.json, priors.sigma.family",
      undefined,
      /is missing; give one of/,
    ],
    [{ season: { period: 7, harmonics: 4 } }, "model.json, season.harmonics", "4", /more than two rows/],
    [{ season: { period: 1, harmonics: 1 } }, "model.json, season.period", "1", /above 1/],
    [{ coordinates: "polar" }, "model.json, coordinates", "polar", /not one of non-centred/],
  ];
  for (const [json, where, value, message] of cases) {
    const problem = problemsOf(json)[0];
    assert.ok(problem, JSON.stringify(json));
    assert.equal(problem.where, where);
    assert.equal(problem.value, value);
    assert.match(problem.message, message);
  }
});

Deno.test("every problem is reported at once", () => {
  const problems = problemsOf({ preset: "nothing", components: 99, priors: { beta: 1, slope: {} } });
  assert.deepEqual(
    problems.map(({ where }) => where.replace("model.json, ", "")).sort(),
    ["components", "preset", "priors.beta", "priors.slope.mean", "priors.slope.sd"],
  );
});

Deno.test("every field is described in the JSON schema that documentation is made from", () => {
  const walk = (node: Record<string, unknown>, path: string): void => {
    const { properties, anyOf, oneOf } = node as {
      properties?: Record<string, Record<string, unknown>>;
      anyOf?: Record<string, unknown>[];
      oneOf?: Record<string, unknown>[];
    };
    for (const [name, field] of Object.entries(properties ?? {})) {
      if (!("const" in field)) assert.ok(field.description, `${path}${name} has no description`);
      walk(field, `${path}${name}.`);
    }
    for (const option of [...anyOf ?? [], ...oneOf ?? []]) walk(option, path);
  };
  const schema = z.toJSONSchema(specSchema, { io: "input" });
  assert.ok(Object.keys(schema.properties ?? {}).length >= 5);
  walk(schema as Record<string, unknown>, "");
});
