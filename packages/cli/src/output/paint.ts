import { styleText } from "node:util";

/** How a piece of output looks where colours are shown. */
export type Style = "plain" | "dim" | "bold" | "red" | "green" | "yellow" | "cyan";

/** Puts a style on text, or leaves it alone where colours are not wanted. */
export type Paint = (style: Style, text: string) => string;

/** A `Paint` that colours, or none. */
export function paintWith(color: boolean): Paint {
  if (!color) return (_, text) => text;
  // The stream has been asked already; styleText would ask the wrong one for a test's.
  return (style, text) =>
    style === "plain" || text === "" ? text : styleText(style, text, { validateStream: false });
}
