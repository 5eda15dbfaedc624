import { withoutCredentials } from "./credentials.js";

/** How many errors one log line shows: causes, their causes, those of an AggregateError. */
const mostErrors = 16;

/** UTF-16 units of a message; a stack has four times that. */
const longestMessage = 8192;

const made = new WeakSet<object>();

/**
 * What log lines show of an error: name, message, code, path, stack, and the same of its causes. Whatever else was thrown
 * with it stays out: the metadata, requests and settings that errors of clients carry, and credentials in URLs. An
 * `Error`, so that any logger's serializer takes it as one.
 */
class LoggedError extends Error {
  constructor(name: string, message: string, stack: string | undefined) {
    super(message);
    made.add(this);
    hide(this, "name", name);
    // pino names an error by its constructor if there is one.
    hide(this, "constructor", undefined);
    hide(this, "stack", stack ?? `${name}: ${message}`);
  }
}

/** Anything thrown, as it may be logged. Never throws, whatever its getters do. */
export function loggedError(thrown: unknown): Error {
  return copy(thrown, { left: mostErrors });
}

function copy(thrown: unknown, count: { left: number }): Error {
  if (isObject(thrown) && made.has(thrown)) return thrown as Error;
  count.left--;
  if (!isObject(thrown)) return new LoggedError("NonError", clean(String(thrown), longestMessage), undefined);
  const message = read(thrown, "message");
  if (typeof message !== "string")
    return new LoggedError("NonError", "what was thrown is an object without a message", undefined);
  const name = read(thrown, "name");
  const stack = read(thrown, "stack");
  const copied = new LoggedError(
    typeof name === "string" ? clean(name, 256) : "Error",
    clean(message, longestMessage),
    typeof stack === "string" ? clean(stack, 4 * longestMessage) : undefined,
  );
  for (const key of ["code", "path"]) {
    const value = read(thrown, key);
    if (typeof value === "number") Object.assign(copied, { [key]: value });
    if (typeof value === "string" && value !== "") Object.assign(copied, { [key]: clean(value, 1024) });
  }
  const cause = read(thrown, "cause");
  if (cause !== undefined && count.left > 0) hide(copied, "cause", copy(cause, count));
  const errors = listOf(thrown);
  if (errors.length > 0) {
    const shown: Error[] = [];
    for (const each of errors) if (count.left > 0) shown.push(copy(each, count));
    hide(copied, "errors", shown);
  }
  return copied;
}

/** Of an AggregateError. */
function listOf(thrown: object): readonly unknown[] {
  try {
    const errors = read(thrown, "errors");
    return Array.isArray(errors) ? errors.slice(0, mostErrors) : [];
  } catch {
    return [];
  }
}

function read(from: object, key: string): unknown {
  try {
    return (from as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function clean(text: string, most: number): string {
  const cut = text.length > most ? `${text.slice(0, most)}... (${text.length} characters)` : text;
  return withoutCredentials(cut);
}

function hide(on: object, key: string, value: unknown): void {
  Object.defineProperty(on, key, { value, writable: true, configurable: true });
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
