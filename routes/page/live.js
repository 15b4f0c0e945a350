/** A fit at work: where it is, how well its chains agree so far, and what a few of them did. */
import { chart, domainOf } from "./charts.js";
import { announce, drawing, h } from "./dom.js";
import { formatCount, formatFixed, formatLarge, formatSeconds } from "./format.js";
import { PHASES } from "./words.js";

/** @typedef {import("./shapes.d.ts").Progress} Progress */

/** Draws of a chain that a trace shows; with more, every second one goes. */
const LONGEST_TRACE = 500;
/** A trace looks this far back at first, so that the leaps of the first draws do not squeeze all later ones. */
const SKIPPED_SHARE = 0.1;
const HEIGHT = 190;

/** @returns {{ element: HTMLElement, show(progress: Progress, who?: string): void, restart(): void }} */
export function liveSection() {
  const phase = h("p", { class: "phase" }, "Starting…");
  const bar = h("progress", { "aria-label": "This phase", max: 1, value: 0 });
  const tiles = {
    rhat: tile("R-hat", "of the log likelihood; 1.01 or less is good"),
    ess: tile("ESS", "effective draws of the log likelihood; 400 or more is good"),
    divergences: tile("Divergences", "in this phase"),
    speed: tile("Speed", "transitions a second"),
    left: tile("Left", "of this phase"),
  };
  const traces = {
    log_lik: trace("Log likelihood"),
    alpha: trace("Carry-over (alpha)"),
    elbo: trace("Evidence bound (ELBO)"),
  };
  let part = "", told = "", drawn = -1;

  /** @param {Progress} progress @param {string} [who] whose it is, for those who do not see the page */
  function show(progress, who = "") {
    const { phase: at, step, done, total, glimpse, elbo, phase_s } = progress;
    const moving = at === "warm-up" || at === "sampling", counted = total > 1;
    const share = total > 0 ? done / total : 0;
    const name = `${step === undefined ? "" : `${step}: `}${PHASES[at] ?? at}`;
    phase.textContent = counted
      ? `${name}, ${formatCount(done)} of ${formatCount(total)}`
      : `${name}${(phase_s ?? 0) < 1 ? "" : `, ${formatSeconds(phase_s)}`}`;
    if (counted) bar.value = share;
    else bar.removeAttribute("value");
    tiles.rhat.set(
      formatFixed(progress.rhat, 3),
      rate(progress.rhat, (rhat) => rhat <= 1.01, (rhat) => rhat <= 1.05),
    );
    tiles.ess.set(
      formatCount(Math.round(progress.ess_bulk ?? NaN)),
      rate(progress.ess_bulk, (ess) => ess >= 400, (ess) => ess >= 100),
    );
    tiles.divergences.set(
      moving ? formatCount(progress.divergences) : "-",
      at === "sampling" && progress.divergences > 0 ? "fair" : "",
    );
    tiles.speed.set(progress.transitions_per_second ? formatLarge(progress.transitions_per_second) : "-");
    tiles.left.set(formatSeconds(progress.eta_s));

    if (`${step} ${at}` !== part) {
      part = `${step} ${at}`;
      drawn = -1;
      for (const each of Object.values(traces)) each.rule();
    }
    // In a silence the last progress is told again.
    if (done > drawn && glimpse !== undefined) {
      traces.log_lik.add(glimpse.log_lik);
      traces.alpha.add(glimpse.alpha);
    }
    if (done > drawn && typeof elbo === "number") traces.elbo.add([[elbo]]);
    drawn = done;
    tell(who + name, share, moving ? progress.rhat : undefined);
  }

  /** Quarters of a phase are enough to be read out. @param {string} name @param {number} share @param {number | null} [rhat] */
  function tell(name, share, rhat) {
    const quarter = 25 * Math.floor(4 * share);
    const text = `${name}${quarter > 0 ? `, ${quarter}%` : ""}`;
    if (text === told) return;
    told = text;
    announce(typeof rhat === "number" ? `${text}, R-hat ${formatFixed(rhat, 2)}` : text);
  }

  return {
    element: h(
      "section",
      { class: "card", "aria-labelledby": "live" },
      h("h2", { id: "live", class: "unseen" }, "Progress"),
      phase,
      bar,
      h("div", { class: "tiles" }, Object.values(tiles).map(({ element }) => element)),
      h("div", { class: "traces" }, Object.values(traces).map(({ element }) => element)),
      h(
        "p",
        { class: "hint" },
        "Each colour is a chain, thinned. Good chains cover the same range and look like noise.",
      ),
    ),
    show,
    restart() {
      part = "";
      drawn = -1;
      for (const each of Object.values(traces)) each.clear();
    },
  };
}

/** @param {number | null | undefined} value @param {(value: number) => boolean} good @param {(value: number) => boolean} fair */
function rate(value, good, fair) {
  if (typeof value !== "number") return "";
  return good(value) ? "good" : fair(value) ? "fair" : "bad";
}

/** A number under its title. @param {string} title @param {string} hint */
export function tile(title, hint, text = "-") {
  const value = h("dd", {}, text);
  const element = h("dl", { class: "tile" }, h("dt", {}, title), value, h("dd", { class: "hint" }, hint));
  return {
    element,
    /** @param {string} text */
    set(text, kind = "") {
      value.textContent = text;
      value.className = kind;
    },
  };
}

/** A quantity's way, chain by chain, as it comes in. @param {string} title */
function trace(title) {
  /** @type {(number | null)[][]} */
  let chains = [];
  /** @type {number[]} where phases begin */
  let rules = [];
  const length = () => chains[0]?.length ?? 0;
  const view = drawing((width) => {
    const x = Array.from({ length: length() }, (_, i) => i), last = Math.max(1, length() - 1);
    const from = Math.floor(SKIPPED_SHARE * length());
    return chart({
      title: `${title} of ${chains.length} chains so far`,
      width,
      height: HEIGHT,
      x: { label: "draws, the newest on the right", domain: [0, last], ticks: false },
      y: { label: title, domain: domainOf(chains.flatMap((chain) => chain.slice(from))) },
      lines: chains.map((y, i) => ({ x, y, kind: `chain${i}` })),
      rules: rules.filter((at) => at > 0 && at < last),
    });
  });
  const element = h("div", { hidden: true }, view.element);
  return {
    element,
    rule() {
      if (length() > 0) rules.push(length());
    },
    clear() {
      chains = [];
      rules = [];
      element.hidden = true;
    },
    /** @param {(number | null)[][]} drawn [chain][draw] */
    add(drawn) {
      if (drawn.length !== chains.length) chains = drawn.map(() => new Array(length()).fill(null));
      drawn.forEach((values, i) => chains[i].push(...values));
      if (length() > LONGEST_TRACE) {
        chains = chains.map((chain) => chain.filter((_, i) => i % 2 === 1));
        rules = rules.map((at) => Math.floor(at / 2));
      }
      element.hidden = false;
      view.redraw();
    },
  };
}
