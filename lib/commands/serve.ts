/** `serve`: the job service over HTTP. */
import { isIP } from "node:net";
import { dirname, resolve } from "node:path";
import { makeApp } from "../../routes/app.ts";
import { LOCAL } from "../../routes/guard.ts";
import { Metrics } from "../../routes/metrics.ts";
import { InputError, type Problem } from "../errors.ts";
import { ENGINES } from "../fit_types.ts";
import type { Terminal } from "../report/terminal.ts";
import { isMissing, reasonOf } from "../runs/files.ts";
import { type Reach, REACHES } from "../service/webhooks/addresses.ts";
import { DEFAULT_LIMITS, type Limits, parseLimits } from "../service/limits.ts";
import { JobService } from "../service/service.ts";
import { newToken, parseTokens, type Tokens } from "../service/tokens.ts";
import { secretOf } from "../service/webhooks/webhook.ts";
import { openWebhookKey } from "../service/webhooks/key.ts";
import { defineCommand, Exit } from "./command.ts";
import { readBytes } from "./data_source.ts";
import { gather, type Line, type OptionTable } from "./options.ts";

const OPTIONS = {
  port: { kind: "integer", min: 0, max: 65535, fallback: 8787, help: "0 takes any that is free" },
  host: { kind: "text", hint: "ADDRESS", help: "address to listen on (default 127.0.0.1)" },
  data: { kind: "text", hint: "DIR", help: "where jobs and results are kept (default service)" },
  "token-file": { kind: "text", hint: "FILE", help: "who may ask; needed unless --host is this machine" },
  "new-token": {
    kind: "text",
    hint: "NAME",
    help: "print a token once, add its hash to --token-file, and end",
  },
  limits: { kind: "text", hint: "FILE.json", help: "how much each client may take" },
  engine: { kind: "choice", choices: ENGINES, fallback: "auto", help: "where to compute" },
  webhooks: {
    kind: "choice",
    choices: ["off", ...REACHES],
    fallback: "off",
    help: "POST to receivers when jobs end: public, those on the internet, by https; private, any",
  },
  "webhook-secret": {
    kind: "text",
    hint: "NAME",
    help: `print the secret that signs a client's webhooks (${LOCAL}: without tokens), and end`,
  },
} as const satisfies OptionTable;

/** Answers still under way get this long when the service leaves, in ms. */
const LAST_ANSWERS_MS = 1500;
const LOOPBACK = ["127.0.0.1", "::1", "localhost"];

export const serve = defineCommand({
  name: "serve",
  summary:
    "Take fits and comparisons over HTTP, keep them safe, run them one after another, and show how they fare.",
  positionals: [],
  options: OPTIONS,
  example: "serve --port 8787 --token-file service/tokens",
  run: runCommand,
});

interface Plan {
  readonly host: string;
  readonly port: number;
  readonly directory: string;
  readonly engine: typeof ENGINES[number];
  readonly tokens: Tokens | undefined;
  readonly limits: Limits;
  readonly webhooks: Reach | "off";
}

async function runCommand(line: Line<typeof OPTIONS>, terminal: Terminal): Promise<Exit> {
  const name = line.values["new-token"];
  if (name !== undefined) return await addToken(name, line, terminal);
  const client = line.values["webhook-secret"];
  if (client !== undefined) return await printSecret(client, line, terminal);
  const plan = await readPlan(line);
  const service = await openService(plan);
  const leave = Promise.withResolvers<void>();
  const site = {
    service,
    tokens: plan.tokens,
    loopback: LOOPBACK.includes(plan.host),
    metrics: new Metrics(),
  };
  const app = makeApp(site);
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = listen(plan, (request, { remoteAddr }) => app.fetch(request, { remote: remoteAddr.hostname }));
  } catch (error) {
    await service.close();
    throw error;
  }
  const { hostname, port } = server.addr, { engine } = service;
  const shown = hostname.includes(":") ? `[${hostname}]` : hostname;
  terminal.out.write(`hillmix serves http://${shown}:${port} on ${engine?.engine} (${engine?.adapter})\n`);
  if (plan.webhooks !== "off") {
    terminal.out.write("Webhooks are signed; serve --webhook-secret NAME prints the secret of a client.\n");
  }

  for (const signal of SIGNALS) Deno.addSignalListener(signal, leave.resolve);
  await leave.promise;
  terminal.err.write("Leaving: the job under way goes back into the queue.\n");
  const closed = server.shutdown();
  await service.close();
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, LAST_ANSWERS_MS))]);
  for (const signal of SIGNALS) Deno.removeSignalListener(signal, leave.resolve);
  return Exit.done;
}

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];

async function readPlan({ values, problems: found }: Line<typeof OPTIONS>): Promise<Plan> {
  const problems: Problem[] = [...found];
  const { host = "127.0.0.1", data = "service", port, engine, limits: limitsFile, webhooks } = values;
  const tokenFile = values["token-file"];
  if (isIP(host) === 0 && host !== "localhost") {
    problems.push({
      where: "--host",
      value: host,
      message: "is no address; give one such as 127.0.0.1 or 0.0.0.0.",
    });
  } else if (tokenFile === undefined && !LOOPBACK.includes(host)) {
    const message = "can be reached by others, so a token is needed: make one with --new-token NAME and " +
      "--token-file FILE, then add --token-file.";
    problems.push({ where: "--host", value: host, message });
  }
  const tokens = await gather(
    problems,
    async () => tokenFile === undefined ? undefined : parseTokens(await readText(tokenFile), tokenFile),
  );
  const limits = await gather(
    problems,
    async () =>
      limitsFile === undefined ? DEFAULT_LIMITS : parseLimits(await readJson(limitsFile), limitsFile),
  );
  if (limits === undefined || problems.length > 0) throw new InputError(problems);
  return { host, port, directory: resolve(data), engine, tokens, limits, webhooks };
}

function openService({ directory, engine, limits, webhooks }: Plan): Promise<JobService> {
  const sending = webhooks === "off" ? {} : { webhooks: { reach: webhooks } };
  return inDirectory(directory, () => JobService.open({ directory, engine, limits, ...sending }));
}

/** @throws InputError where the service's directory cannot be used */
async function inDirectory<T>(directory: string, action: () => T | Promise<T>): Promise<T> {
  const unusable = (message: string) => new InputError([{ where: "--data", value: directory, message }]);
  try {
    return await action();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw unusable(
        "lies outside of what the service may write to; the README says how to start it for another directory.",
      );
    }
    // The system's own errors have codes such as EACCES.
    if (/^E[A-Z0-9]+$/.test((error as { code?: string }).code ?? "")) {
      throw unusable(`cannot be used (${reasonOf(error)}); give another directory.`);
    }
    throw error;
  }
}

function listen(
  { host, port }: Plan,
  handler: (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => Response | Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname: host, port, onListen() {} }, handler);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      const message = "is taken by another program; give another one, or 0 for any that is free.";
      throw new InputError([{ where: "--port", value: String(port), message }]);
    }
    if (error instanceof Deno.errors.AddrNotAvailable) {
      throw new InputError([{ where: "--host", value: host, message: "is no address of this machine." }]);
    }
    throw error;
  }
}

async function addToken(
  name: string,
  { values, problems }: Line<typeof OPTIONS>,
  { out }: Terminal,
): Promise<Exit> {
  const file = values["token-file"];
  const missing = file === undefined
    ? [{ where: "--new-token", message: "needs --token-file FILE, the file to add it to." }]
    : [];
  if (file === undefined || problems.length > 0) throw new InputError([...problems, ...missing]);
  const { token, line } = newToken(name);
  const known = await textIfThere(file);
  if (hasToken(known, name)) {
    const message = `${file} has a token of that name; take its line out first, or choose another name.`;
    throw new InputError([{ where: "--new-token", value: name, message }]);
  }
  await append(file, known === "" || known.endsWith("\n") ? line : `\n${line}`);
  out.write(`${token}\n`);
  return Exit.done;
}

/** @throws InputError where the token file may not be written */
async function append(file: string, text: string): Promise<void> {
  try {
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, text, { append: true, mode: 0o600 });
  } catch (error) {
    const message = error instanceof Deno.errors.NotCapable
      ? "lies outside of what the service may write to; give a file in its directory, such as service/tokens."
      : `cannot be written (${reasonOf(error)}).`;
    throw new InputError([{ where: "--token-file", value: file, message }]);
  }
}

async function printSecret(
  client: string,
  { values, problems: found }: Line<typeof OPTIONS>,
  { out }: Terminal,
): Promise<Exit> {
  const { data = "service", "token-file": file } = values, problems = [...found];
  if (file === undefined ? client !== LOCAL : !hasToken(await readText(file), client)) {
    const message = file === undefined
      ? `without --token-file the only client is ${LOCAL}; give that name, or --token-file.`
      : `${file} has no token of that name.`;
    problems.push({ where: "--webhook-secret", value: client, message });
  }
  if (problems.length > 0) throw new InputError(problems);
  const directory = resolve(data), key = await inDirectory(directory, () => openWebhookKey(directory));
  out.write(`${secretOf(key, client)}\n`);
  return Exit.done;
}

const hasToken = (text: string, name: string) => text.split("\n").some((line) => line.startsWith(`${name}:`));

async function textIfThere(path: string): Promise<string> {
  try {
    await Deno.lstat(path);
  } catch (error) {
    if (isMissing(error)) return "";
  }
  return await readText(path);
}

const readText = async (path: string): Promise<string> => new TextDecoder().decode(await readBytes(path));

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readText(path));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError([{ where: path, message: `is not valid JSON (${error.message}).` }]);
  }
}
