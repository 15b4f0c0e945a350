/** Links to files. */
import { ask, hasToken } from "./api.js";
import { h } from "./dom.js";

/**
 * Something that the page has, as a file.
 *
 * @param {string} text
 * @param {string} name of the file
 * @param {unknown} value
 */
export function jsonLink(text, name, value) {
  const json = new Blob([JSON.stringify(value, null, 2)], { type: "application/json" });
  return h("a", { class: "button", href: URL.createObjectURL(json), download: name }, text);
}

/**
 * Something that the service has, as CSV.
 *
 * @param {string} text
 * @param {string} name of the file
 * @param {string} path
 */
export function csvLink(text, name, path) {
  // A plain link cannot carry the token, so where there is one the file passes through this page.
  const link = h(
    "a",
    { class: "button", href: path, download: name, onclick: hasToken() && fetchFile },
    text,
  );
  /** @param {MouseEvent} event */
  async function fetchFile(event) {
    if (link.href.startsWith("blob:")) return;
    event.preventDefault();
    const response = await ask(path, { headers: { Accept: "text/csv" } });
    link.href = URL.createObjectURL(await response.blob());
    link.click();
  }
  return link;
}
