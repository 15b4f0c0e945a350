/** The page for people: its files, which need nothing from elsewhere, and what it offers to choose from. */
import { createHash } from "node:crypto";
import { Hono } from "hono";
import { EXAMPLE_COMPONENTS, FIT_OPTIONS } from "../lib/commands/fit_request.ts";
import { COMPARE_OPTIONS } from "../lib/commands/compare_request.ts";
import { CONTENDERS, fewestComponents, USUAL_CONTENDERS } from "../lib/compare/contenders.ts";
import { reviewTable } from "../lib/data/review.ts";
import { builtInExample } from "../lib/data/simulate.ts";
import { readTable } from "../lib/data/table.ts";
import { DEFAULT_METHOD, METHODS } from "../lib/fit_types.ts";
import { DEFAULT_COMPONENTS } from "../lib/model/spec.ts";
import type { Env, Site } from "./context.ts";
import api from "./page/api.js" with { type: "text" };
import app from "./page/app.js" with { type: "text" };
import base from "./page/base.css" with { type: "text" };
import charts from "./page/charts.js" with { type: "text" };
import columns from "./page/columns.js" with { type: "text" };
import compare from "./page/compare.js" with { type: "text" };
import compareLive from "./page/compare_live.js" with { type: "text" };
import compareResult from "./page/compare_result.js" with { type: "text" };
import content from "./page/content.css" with { type: "text" };
import curve from "./page/curve.js" with { type: "text" };
import curveView from "./page/curve_view.js" with { type: "text" };
import dom from "./page/dom.js" with { type: "text" };
import files from "./page/files.js" with { type: "text" };
import fit from "./page/fit.js" with { type: "text" };
import form from "./page/form.js" with { type: "text" };
import forms from "./page/forms.css" with { type: "text" };
import format from "./page/format.js" with { type: "text" };
import icon from "./page/icon.svg" with { type: "text" };
import index from "./page/index.html" with { type: "text" };
import intervals from "./page/intervals.js" with { type: "text" };
import job from "./page/job.js" with { type: "text" };
import live from "./page/live.js" with { type: "text" };
import remove from "./page/remove.js" with { type: "text" };
import result from "./page/result.js" with { type: "text" };
import review from "./page/review.js" with { type: "text" };
import settings from "./page/settings.js" with { type: "text" };
import setup from "./page/setup.js" with { type: "text" };
import sse from "./page/sse.js" with { type: "text" };
import start from "./page/start.js" with { type: "text" };
import token from "./page/token.js" with { type: "text" };
import words from "./page/words.js" with { type: "text" };

const STYLES = { base, content, forms };
const SCRIPTS = {
  api,
  app,
  charts,
  columns,
  compare,
  compare_live: compareLive,
  compare_result: compareResult,
  curve,
  curve_view: curveView,
  dom,
  files,
  fit,
  form,
  format,
  intervals,
  job,
  live,
  remove,
  result,
  review,
  settings,
  setup,
  sse,
  start,
  token,
  words,
};

interface Asset {
  readonly text: string;
  readonly type: string;
}

/** Every file by its path. */
const FILES: Readonly<Record<string, Asset>> = {
  "/": { text: index, type: "text/html; charset=utf-8" },
  "/page/icon.svg": { text: icon, type: "image/svg+xml" },
  ...filesOf(STYLES, "css", "text/css; charset=utf-8"),
  ...filesOf(SCRIPTS, "js", "text/javascript; charset=utf-8"),
};

function filesOf(texts: Record<string, string>, ending: string, type: string): Record<string, Asset> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [`/page/${name}.${ending}`, { text, type }]),
  );
}

export function page({ service }: Pick<Site, "service">): Hono<Env> {
  const app = new Hono<Env>();
  const options = { text: JSON.stringify(optionsOf(service.limits.body_bytes)), type: "application/json" };
  for (const [path, { text, type }] of Object.entries({ ...FILES, "/page/options.json": options })) {
    const tag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
    // Asked for anew at every visit, and sent anew only after an update.
    const headers = { "Content-Type": type, "Cache-Control": "no-cache", ETag: tag };
    app.get(path, (c) => {
      const known = c.req.header("If-None-Match") === tag;
      return known ? c.body(null, 304, headers) : c.body(text, 200, headers);
    });
  }
  return app;
}

/** What the page offers to choose from, out of the tables that requests are checked with. */
function optionsOf(bodyBytes: number) {
  const { components, preset, holdout } = FIT_OPTIONS, { effort } = COMPARE_OPTIONS;
  const { csv, roles } = builtInExample();
  const size = (name: "chains" | "warmup" | "draws" | "seed") => {
    const { min, max, help } = FIT_OPTIONS[name];
    return { min, max, help };
  };
  return {
    methods: Object.entries(METHODS).map(([name, { title }]) => ({ name, title })),
    method: DEFAULT_METHOD,
    presets: preset.choices,
    components: {
      min: components.min,
      max: components.max,
      usual: DEFAULT_COMPONENTS,
      example: EXAMPLE_COMPONENTS,
    },
    sizes: { chains: size("chains"), warmup: size("warmup"), draws: size("draws"), seed: size("seed") },
    holdout: { max: holdout.max, help: holdout.help },
    contenders: CONTENDERS.map((each) => ({
      name: each.name,
      usual: USUAL_CONTENDERS.includes(each),
      fewest_components: fewestComponents(each),
    })),
    effort: { min: effort.min, max: effort.max, usual: effort.fallback, help: effort.help },
    example: reviewTable(readTable(new TextEncoder().encode(csv), "built-in example"), roles),
    body_bytes: bodyBytes,
  };
}
