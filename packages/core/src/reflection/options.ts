import type { EmbeddedJson } from "./embedded-json.js";

/** `{ options }` when the proto sets any of those named, by the names that descriptors give them; else nothing. */
export function optionsOf<const Names extends Readonly<Record<string, string>>>(
  options: EmbeddedJson["options"],
  names: Names,
): { options?: { [K in keyof Names as Names[K]]?: any } } {
  const set = Object.entries(names).filter(([name]) => options?.[name] !== undefined);
  if (set.length === 0) return {};
  return {
    options: Object.fromEntries(set.map(([name, key]) => [key, options?.[name]])) as {
      [K in keyof Names as Names[K]]?: any;
    },
  };
}
