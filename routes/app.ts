/** All of HTTP put together. */
import { Hono } from "hono";
import { matchedRoutes } from "hono/route";
import { Refusal } from "../lib/service/refusal.ts";
import { BodyReader } from "./body.ts";
import { COMPARISONS } from "./compare.ts";
import type { Env, Site } from "./context.ts";
import { datasets } from "./datasets.ts";
import { events } from "./events.ts";
import { FITS } from "./fits.ts";
import { clients, OpenAnswers, sameSite, securityHeaders } from "./guard.ts";
import { health, metrics } from "./health.ts";
import { jobs } from "./jobs.ts";
import { page } from "./page.ts";
import { notFound, problemResponse } from "./problem.ts";
import { reference } from "./reference.ts";
import { fitResults, methodResults } from "./results.ts";

/** The application that answers requests. */
export function makeApp(site: Site): Hono<Env> {
  const { service } = site, app = new Hono<Env>(), open = new OpenAnswers(service.limits.streams);
  const bodies = new BodyReader(service.limits);
  app.onError((error) => problemResponse(error));
  app.notFound(notFound);
  app.use(async (c, next) => {
    const began = performance.now();
    await next();
    const route = matchedRoutes(c).findLast(({ method }) => method !== "ALL")?.path ?? "none";
    site.metrics.count(c.req.method, route, c.res.status, (performance.now() - began) / 1000);
  });
  app.use(securityHeaders);
  app.use(sameSite(site));
  app.route("/", health(site));
  app.route("/", reference());
  app.route("/", page(site));

  const guarded = clients(site, service.limits);
  for (const path of ["/v1/*", "/metrics"]) {
    app.use(path, guarded);
    app.use(path, async (_, next) => {
      service.refuseWhenClosing();
      await next();
    });
  }
  app.route("/metrics", metrics(site));
  app.route("/v1/fits", jobs(site, bodies, open, FITS));
  app.route("/v1/fits", events(site, open, "fit"));
  app.route("/v1/fits", fitResults(site));
  app.route("/v1/compare", jobs(site, bodies, open, COMPARISONS));
  app.route("/v1/compare", events(site, open, "compare"));
  app.route("/v1/compare", methodResults(site));
  app.route("/v1/datasets", datasets(site, bodies));
  refuseOtherMethods(app);
  return app;
}

/** Paths that are there, asked in a way that is not. */
function refuseOtherMethods(app: Hono<Env>): void {
  const allowed = new Map<string, Set<string>>();
  for (const { path, method } of app.routes) {
    if (method !== "ALL") allowed.set(path, (allowed.get(path) ?? new Set()).add(method));
  }
  for (const [path, methods] of allowed) {
    const list = [...methods, ...(methods.has("GET") ? ["HEAD"] : [])].join(", ");
    app.all(path, (c) => {
      const refused = problemResponse(
        new Refusal("method-not-allowed", `${c.req.method} is not possible here; ${list} is.`),
      );
      refused.headers.set("Allow", list);
      return refused;
    });
  }
}
