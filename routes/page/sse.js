/** Server-sent events out of a stream of text; `EventSource` cannot send the token that a service may ask for. */

/** @typedef {{ id: string, event: string, data: string }} ServerEvent */

/**
 * Takes in text piece by piece.
 *
 * @param {(event: ServerEvent) => void} onEvent
 * @returns {(piece: string) => void}
 */
export function eventReader(onEvent) {
  let rest = "", id = "";
  return (piece) => {
    const blocks = (rest + piece).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      let event = "message";
      /** @type {string[]} */
      const data = [];
      for (const line of block.split("\n")) {
        const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
        if (field === "id") id = value;
        else if (field === "event") event = value;
        else if (field === "data") data.push(value);
      }
      if (data.length > 0) onEvent({ id, event, data: data.join("\n") });
    }
  };
}
