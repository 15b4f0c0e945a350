/** Asking the service: answers as JSON, refusals as {@link Problem}, the token where one is needed, and events. */
import { eventReader } from "./sse.js";

/** @typedef {import("./shapes.d.ts").ProblemBody} ProblemBody */
/** @typedef {import("./shapes.d.ts").Job} Job */

const TOKEN = "hillmix-token";
/** How long to wait before asking anew where the connection was lost, in ms. */
const RETRY_MS = 2000;
/** Silence after which a connection counts as lost, in ms; the service says something every 15 s. */
const SILENCE_MS = 40_000;

/** Why an answer did not come; its message is a sentence for the visitor. */
export class Problem extends Error {
  /** @param {number} status 0 where there was no answer at all @param {ProblemBody} body */
  constructor(status, { title, detail, errors = [] }) {
    super(detail);
    this.status = status;
    this.title = title;
    this.errors = errors;
  }
}

export const hasToken = () => sessionStorage.getItem(TOKEN) !== null;

/** Kept until the tab is closed. @param {string} token */
export const keepToken = (token) => sessionStorage.setItem(TOKEN, token);

/**
 * Asks for anything.
 *
 * @param {string} path
 * @param {RequestInit} [init]
 * @returns {Promise<Response>} an answer that is no refusal
 * @throws {Problem}
 */
export async function ask(path, init = {}) {
  const headers = new Headers(init.headers), token = sessionStorage.getItem(TOKEN);
  if (token !== null) headers.set("Authorization", `Bearer ${token}`);
  let response;
  try {
    response = await fetch(path, { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Problem(0, {
      title: "No answer",
      detail: "The service does not answer. Is it still running, and is this machine still connected to it?",
    });
  }
  if (response.ok) return response;
  throw new Problem(response.status, await problemOf(response));
}

/** @param {Response} response @returns {Promise<ProblemBody>} */
async function problemOf(response) {
  try {
    return await response.json();
  } catch {
    return { title: "Refused", detail: `The service answered with status ${response.status}.` };
  }
}

/**
 * Asks for JSON.
 *
 * @template T
 * @param {string} path
 * @param {RequestInit} [init]
 * @returns {Promise<T>}
 */
export const askJson = async (path, init) => (await ask(path, init)).json();

/**
 * Sends JSON.
 *
 * @template T
 * @param {string} path
 * @param {unknown} body
 * @param {Record<string, string>} [headers]
 * @returns {Promise<T>}
 */
export const send = (path, body, headers = {}) =>
  askJson(path, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

/** @param {Pick<Job, "state">} job */
export const hasEnded = ({ state }) => state !== "queued" && state !== "running";

/** @param {string} id */
export const pathOfFit = (id) => `/v1/fits/${id}`;

/** @param {string} id */
export const pathOfComparison = (id) => `/v1/compare/${id}`;

/**
 * Follows a job to its end, over lost connections too. Everything that happened since it began is told first.
 *
 * @param {string} path of the job
 * @param {{ onEvent(type: string, data: any): void, onConnection(connected: boolean): void }} listener
 * @param {AbortSignal} signal ends it early; then the promise stays open
 * @throws {Problem} when the service refuses
 */
export async function follow(path, { onEvent, onConnection }, signal) {
  let last = "";
  while (true) {
    const silent = new AbortController();
    let timer = setTimeout(() => silent.abort(), SILENCE_MS);
    try {
      const headers = last === "" ? undefined : { "Last-Event-ID": last };
      const either = AbortSignal.any([signal, silent.signal]);
      const response = await ask(`${path}/events`, { signal: either, ...(headers && { headers }) });
      onConnection(true);
      if (response.status === 204) return;
      const read = eventReader((event) => {
        last = event.id;
        onEvent(event.event, JSON.parse(event.data));
      });
      for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        clearTimeout(timer);
        timer = setTimeout(() => silent.abort(), SILENCE_MS);
        read(piece);
      }
    } catch (error) {
      if (signal.aborted) return await new Promise(() => {});
      // A refusal is final; a line that broke, and a service that is being started anew, are not.
      if (error instanceof Problem && error.status !== 0 && error.status < 500) throw error;
    } finally {
      clearTimeout(timer);
    }
    if (await isOver(path, signal)) return;
    onConnection(false);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    if (signal.aborted) return await new Promise(() => {});
  }
}

/** Whether the job has ended, as far as can be found out. @param {string} path @param {AbortSignal} signal */
async function isOver(path, signal) {
  try {
    return hasEnded(/** @type {Job} */ (await askJson(path, { signal })));
  } catch (error) {
    if (error instanceof Problem && error.status === 404) throw error;
    return false;
  }
}
