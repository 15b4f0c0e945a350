/** The reference page: the OpenAPI description as HTML, with no script at all. */

type Json = Record<string, unknown>;

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly Json[];
  readonly requestBody?: Json;
  readonly responses: Record<string, Json>;
  /** By name, then by address: what is sent there. */
  readonly callbacks?: Record<string, Record<string, { readonly post: Operation }>>;
}

const METHODS = ["get", "post", "put", "delete"];
/** Deeper schemas are shown by their names alone. */
const DEEPEST = 6;

const escape = (text: unknown): string =>
  String(text).replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

/** Text with `code` in backquotes. */
const prose = (text: unknown): string => escape(text ?? "").replace(/`([^`]+)`/g, "<code>$1</code>");

/** The whole page. */
export function referencePage(description: Json): string {
  const { info, paths } = description as {
    info: { title: string; version: string; summary: string; description: string };
    paths: Record<string, Record<string, unknown>>;
  };
  const schemas = (description.components as Json).schemas as Record<string, Json>;
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) => ({
      method,
      path,
      operation: item[method] as Operation,
      shared: (item.parameters ?? []) as readonly Json[],
    }))
  );
  const anchor = (method: string, path: string) => `${method}${path.replaceAll(/[^a-z0-9]+/gi, "-")}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(info.title)} API</title>
<link rel="stylesheet" href="/docs.css">
</head>
<body>
<main>
<h1>${escape(info.title)} ${escape(info.version)}: the API</h1>
<p>${prose(info.summary)} ${
    prose(info.description)
  } The same for programs: <a href="/openapi.json">/openapi.json</a>.</p>
<nav aria-label="Operations"><ul>
${
    operations.map(({ method, path, operation }) =>
      `<li><a href="#${anchor(method, path)}"><b>${method.toUpperCase()}</b> <code>${
        escape(path)
      }</code></a> ${escape(operation.summary ?? "")}</li>`
    ).join("\n")
  }
</ul></nav>
${
    operations.map(({ method, path, operation, shared }) =>
      `<section id="${anchor(method, path)}">
<h2><b>${method.toUpperCase()}</b> <code>${escape(path)}</code></h2>
<p>${escape(operation.summary ?? "")}. ${prose(operation.description)}</p>
${parametersTable([...shared, ...operation.parameters ?? []])}
${bodyText(operation.requestBody)}
${responsesTable(operation.responses)}
${callbacksText(operation.callbacks)}
</section>`
    ).join("\n")
  }
<h2>Shapes</h2>
${
    Object.entries(schemas).map(([name, schema]) =>
      `<section id="schema-${name}"><h3>${name}</h3>${schemaText(schema, 0)}</section>`
    ).join("\n")
  }
</main>
</body>
</html>
`;
}

function parametersTable(parameters: readonly Json[]): string {
  if (parameters.length === 0) return "";
  const rows = parameters.map((each) =>
    `<tr><td><code>${escape(each.name)}</code></td><td>${escape(each.in)}</td><td>${
      typeText(each.schema as Json)
    }</td><td>${prose(each.description)}</td></tr>`
  );
  return `<table><thead><tr><th>Parameter</th><th>In</th><th>Type</th><th>Meaning</th></tr></thead><tbody>${
    rows.join("")
  }</tbody></table>`;
}

function bodyText(body: Json | undefined): string {
  if (body === undefined) return "";
  return `<p>Body: ${contentText(body.content as Record<string, Json>)}</p>`;
}

function responsesTable(responses: Record<string, Json>): string {
  const rows = Object.entries(responses).map(([status, { description, content, $ref }]) => {
    const what = $ref === undefined ? prose(description) : "A problem.";
    const form = $ref === undefined
      ? contentText((content ?? {}) as Record<string, Json>)
      : contentText({ "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } });
    return `<tr><td>${status}</td><td>${what}</td><td>${form}</td></tr>`;
  });
  return `<table><thead><tr><th>Status</th><th>Meaning</th><th>Body</th></tr></thead><tbody>${
    rows.join("")
  }</tbody></table>`;
}

function callbacksText(callbacks: Operation["callbacks"] = {}): string {
  return Object.values(callbacks).flatMap((each) => Object.entries(each)).map(([address, { post }]) =>
    `<h3>Calls back: <b>POST</b> <code>${escape(address)}</code></h3>
<p>${escape(post.summary ?? "")}. ${prose(post.description)}</p>
${parametersTable(post.parameters ?? [])}
${bodyText(post.requestBody)}
${responsesTable(post.responses)}`
  ).join("\n");
}

function contentText(content: Record<string, Json>): string {
  return Object.entries(content).map(([type, { schema }]) => {
    const named = typeof (schema as Json).$ref === "string" ? ` ${typeText(schema as Json)}` : "";
    return `<code>${escape(type)}</code>${named}`;
  }).join(", ");
}

function schemaText(schema: Json, depth: number): string {
  const { properties, required = [], items, description } = schema as {
    properties?: Record<string, Json>;
    required?: readonly string[];
    items?: Json;
    description?: string;
  };
  if (items !== undefined && properties === undefined && depth < DEEPEST) return schemaText(items, depth + 1);
  if (properties === undefined || depth >= DEEPEST) return depth === 0 ? `<p>${prose(description)}</p>` : "";
  const rows = Object.entries(properties).map(([name, each]) =>
    `<li><code>${escape(name)}</code> ${typeText(each)}${required.includes(name) ? ", required" : ""}${
      each.description === undefined ? "" : `: ${prose(each.description)}`
    }${schemaText(each, depth + 1)}</li>`
  );
  return `<ul>${rows.join("")}</ul>`;
}

/** `integer, 1 to 8`, `auto | chees`, `list of string`, a link to a named shape. */
function typeText(schema: Json): string {
  const { $ref, type, enum: choices, anyOf, items, minimum, maximum } = schema as {
    $ref?: string;
    type?: string | readonly string[];
    enum?: readonly unknown[];
    anyOf?: readonly Json[];
    items?: Json;
    minimum?: number;
    maximum?: number;
  };
  if ($ref !== undefined) {
    const name = $ref.split("/").at(-1)!;
    return `<a href="#schema-${name}">${name}</a>`;
  }
  if (choices !== undefined) return choices.map((each) => `<code>${escape(each)}</code>`).join(" | ");
  if (anyOf !== undefined) return anyOf.map(typeText).join(" or ");
  if (type === "array") return `list of ${typeText(items ?? {})}`;
  const limits = minimum !== undefined && maximum !== undefined && Math.abs(maximum) < Number.MAX_SAFE_INTEGER
    ? `, ${minimum} to ${maximum}`
    : "";
  return escape(type === undefined ? "any" : [type].flat().join(" or ")) + limits;
}

/** Plain, dark where dark is wanted, readable on a telephone. */
export const STYLE = `:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding-top: 1rem; }
code { font-family: ui-monospace, monospace; font-size: 0.9em; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.8rem 0.3rem 0; }
thead th { border-bottom: 1px solid; }
nav ul { list-style: none; padding: 0; }
li { margin: 0.2rem 0; }
`;
