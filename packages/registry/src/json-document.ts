import { z } from "zod";

/** What a document is at most, in bytes. Instances have about 300, policies some thousand. */
export const longestDocumentBytes: number = 64 * 1024;

/** How deep a document is at most: ours have 5 levels, and later versions may have more. */
const deepest = 32;

// oxlint-disable-next-line no-control-regex -- control characters are what it must find
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u;

/** Whether a text has characters that would break a log line or a terminal. */
export function hasControls(value: string): boolean {
  return controls.test(value);
}

/** A text of at most `longest` characters, none of them a control character. */
export function textOf(longest: number): z.ZodString {
  return z
    .string()
    .max(longest)
    .refine((value) => !hasControls(value), "has control characters");
}

/** A number from `min` to `max`; the reason has the value. */
export function numberFrom(min: number, max: number): z.ZodNumber {
  const error = ({ input }: { readonly input?: unknown }): string =>
    `is ${shown(input)}; allowed: ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

/** As `numberFrom`, without fractions. */
export function wholeFrom(min: number, max: number): z.ZodNumber {
  const error = ({ input }: { readonly input?: unknown }): string =>
    `is ${shown(input)}; allowed: whole numbers from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

/** Parses what anybody may have written; never throws. `longest` is in bytes. */
export function parseDocument(
  value: Uint8Array,
  longest: number = longestDocumentBytes,
): { readonly parsed: unknown } | { readonly rejected: string } {
  if (value.byteLength > longest) return { rejected: `has ${value.byteLength} bytes, more than ${longest}` };
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(value));
  } catch {
    return { rejected: "is not JSON in UTF-8" };
  }
  const rejected = structureFault(parsed);
  return rejected === undefined ? { parsed } : { rejected };
}

/** Why a value's structure is not that of a document: nested too deep, or with a key that would be a prototype. */
export function structureFault(value: unknown, depth: number = 0): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (depth >= deepest) return `is nested more than ${deepest} levels deep`;
  for (const [key, inner] of Object.entries(value)) {
    if (key === "__proto__") return "has a key __proto__";
    const fault = structureFault(inner, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** The first thing that is wrong, with where: `rules[2].percent: is 101; allowed: 0 to 100`. */
export function reasonOf(error: z.ZodError): string {
  const [first] = error.issues;
  const path = first?.path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("");
  const where = path?.replace(/^\./, "");
  const why = first?.code === "invalid_key" ? first.issues[0]?.message : first?.message;
  return `${where ? `${where}: ` : ""}${why ?? "is not what it should be"}`;
}

/** A value for a message: short, and with no control characters. */
export function shown(value: unknown): string {
  if (value === undefined) return "missing";
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? typeof value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
