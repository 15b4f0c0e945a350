/** Building elements. */

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, unknown>} Properties */

/**
 * Makes an element: `on…` properties listen, `class` and all others are attributes; `false`, null and undefined leave
 * an attribute out.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Properties} [properties]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  apply(element, properties);
  append(element, children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * The same for parts of a drawing.
 *
 * @template {keyof SVGElementTagNameMap} Name
 * @param {Name} name
 * @param {Properties} [properties]
 * @param {...(Child | Child[])} children
 * @returns {SVGElementTagNameMap[Name]}
 */
export function svg(name, properties = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  apply(element, properties);
  append(element, children);
  return element;
}

/** @param {Element} element @param {Properties} properties */
function apply(element, properties) {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
}

/** @param {Element} element @param {(Child | Child[])[]} children */
function append(element, children) {
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) {
      element.append(child instanceof Node ? child : String(child));
    }
  }
}

/** Tables made so far; gives each its name. */
let tables = 0;

/**
 * A table that scrolls by itself where the page is too narrow for it.
 *
 * @param {string} caption
 * @param {{ title: string, numeric?: boolean, hint?: string }[]} columns
 * @param {(Child | Child[])[][]} rows the first cell names the row
 */
export function table(caption, columns, rows) {
  const id = `table-${++tables}`;
  /** @param {number} i */
  const kind = (i) => columns[i].numeric ? "number" : null;
  return h(
    "div",
    {},
    h("p", { class: "hint", id }, caption),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-labelledby": id },
      h(
        "table",
        { "aria-labelledby": id },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            columns.map(({ title, hint }, i) =>
              h("th", { scope: "col", class: kind(i), title: hint }, title)
            ),
          ),
        ),
        h(
          "tbody",
          {},
          rows.map((cells) =>
            h(
              "tr",
              {},
              cells.map((cell, i) =>
                h(i === 0 ? "th" : "td", { scope: i === 0 && "row", class: kind(i) }, cell)
              ),
            )
          ),
        ),
      ),
    ),
  );
}

/**
 * Terms and what they are.
 *
 * @param {(readonly [string, Child | Child[]])[]} entries those without a text are left out
 */
export const facts = (entries) =>
  h(
    "dl",
    { class: "facts" },
    entries.filter(([, text]) => text !== "" && text !== null).flatMap(([term, text]) => [
      h("dt", {}, term),
      h("dd", {}, text),
    ]),
  );

/**
 * A drawing that is made anew whenever its place changes its width.
 *
 * @param {(width: number) => Element} draw
 * @returns {{ element: HTMLElement, redraw(): void }}
 */
export function drawing(draw) {
  const element = h("div", { class: "drawing" });
  let width = 0, frame = 0;
  // At most once a frame: after a reload, all of a fit's progress comes at once.
  const redraw = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      if (width > 0) element.replaceChildren(draw(width));
    });
  };
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === width) return;
    width = contentRect.width;
    redraw();
  }).observe(element);
  return { element, redraw };
}

/**
 * Stands before numbers that a failed verdict forbids to use.
 *
 * @param {{ verdict: { status: string } }} report
 */
export const failedNotice = ({ verdict }) =>
  verdict.status === "fail" && h("p", { class: "notice bad" }, "The verdict is fail: not to be used.");

/** Says something to those who do not see the page. @param {string} text */
export function announce(text) {
  const announcer = document.getElementById("announcer");
  if (announcer !== null && announcer.textContent !== text) announcer.textContent = text;
}
