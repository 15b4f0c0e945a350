/** The page in a headless browser, over a service of its own. */
import assert from "node:assert/strict";
import axe, { type AxeResults } from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { findChromium } from "./chromium.ts";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** Long for a busy machine; nothing waits for it unless something is wrong. */
const PATIENCE_MS = 30_000;
/** What accessibility is measured by: WCAG 2.2 at level AA, and customs beside it. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};
export const DARK: BrowserContextOptions = { colorScheme: "dark" };

export async function openBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  assert.ok(executablePath !== undefined, "There is no Chromium; tests/setup.ts says how to get one.");
  return await chromium.launch({ executablePath, args: FLAGS });
}

/** A visit to a service's page. */
export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** Goes to a view, `#/fits/…`. */
  goTo(hash: string): Promise<void>;
  /** Fails when anything went wrong that a visitor may not see: faults of scripts, requests to other places. */
  assertSound(): void;
}

/** @param expected messages of the browser that belong to the test */
export async function visit(
  browser: Browser,
  url: string,
  { look = {}, expected = /^$/ }: {
    readonly look?: BrowserContextOptions;
    readonly expected?: RegExp;
  } = {},
): Promise<Visit> {
  const context = await browser.newContext({ locale: "en-GB", ...look }), faults: string[] = [];
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.on("pageerror", (error: Error) => faults.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !expected.test(message.text())) {
      faults.push(message.text());
    }
  });
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(url)) faults.push(request.url());
  });
  const goTo = async (hash: string) => {
    await page.goto(`${url}/${hash}`);
    await page.waitForSelector("h1");
  };
  await goTo("");
  return {
    page,
    goTo,
    assertSound: () => assert.deepEqual(faults, []),
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** Looks for what keeps people from using a page: contrast under AA, fields without labels, and the like. */
export async function assertAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>(`axe.run({ runOnly: ${JSON.stringify(RULES)} })`);
  assert.deepEqual(violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]), []);
}

/** Nothing sticks out to the side. */
export async function assertFits(page: Page): Promise<void> {
  const [content, view] = await page.evaluate<[number, number]>(
    "[document.documentElement.scrollWidth, innerWidth]",
  );
  assert.ok(content <= view, `${content} pixels of page in ${view}`);
}
