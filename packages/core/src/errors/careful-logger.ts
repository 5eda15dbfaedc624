import { Metadata } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { withoutCredentials } from "./credentials.js";
import { loggedError } from "./logged-error.js";

const levels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

const careful = new WeakSet<object>();

/**
 * The logger, with lines that hold no secret: of an `err` what `loggedError` says, of texts what `withoutCredentials`
 * leaves, of `Metadata` the names without the values. Everything else is the given logger's: its level, also when that
 * changes later, its serializers, its bindings. Children are careful too.
 */
export function carefulLogger(logger: Logger): Logger {
  if (careful.has(logger)) return logger;
  const methods = levels.map((level) => {
    const write = (first: unknown, ...rest: unknown[]): void => {
      const allowed = [first, ...rest].map((each) =>
        typeof each === "string" ? withoutCredentials(each) : each,
      );
      logger[level](fields(allowed[0]), ...(allowed.slice(1) as []));
    };
    return [level, { value: write }] as const;
  });
  const result = Object.create(logger, {
    ...Object.fromEntries(methods),
    // pino sets its methods anew on the object whose level is set.
    level: {
      get: () => logger.level,
      set: (level: string) => {
        logger.level = level;
      },
    },
    child: {
      value: (...args: Parameters<Logger["child"]>) =>
        carefulLogger(logger.child(...args) as unknown as Logger),
    },
  }) as Logger;
  careful.add(result);
  return result;
}

function fields(given: unknown): unknown {
  if (typeof given !== "object" || given === null) return given;
  if (given instanceof Error) return loggedError(given);
  const allowed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given))
    allowed[key] = key === "err" ? loggedError(value) : shown(value);
  return allowed;
}

function shown(value: unknown): unknown {
  if (typeof value === "string") return withoutCredentials(value);
  if (value instanceof Error) return loggedError(value);
  if (value instanceof Metadata) return Object.keys(value.getMap());
  return value;
}
