import { ConfigError } from "@rollcall/core";
import { nearest } from "../contract/nearest.js";

/** What `rollcall call` is asked to call. */
export interface CallTarget {
  /** A full proto name. */
  readonly service: string;
  /** Its name in the proto or in TypeScript; undefined for the service as a whole. */
  readonly method: string | undefined;
}

const fullTarget = /^([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\/(\w+))?$/;

/**
 * The target that needs nobody to know what services there are: `shop.v1.Orders/Get`. Undefined for one that may be short
 * (`Orders/Get`) or has a dot before its method.
 * @throws ConfigError for what can be no name of a method
 */
export function plainTarget(text: string): CallTarget | undefined {
  const [, service = "", method] = fullTarget.exec(text) ?? [];
  if (service === "")
    throw new ConfigError(`${JSON.stringify(text)} names no method; write shop.v1.Orders/Get or Orders/Get`);
  return method !== undefined && service.includes(".") ? { service, method } : undefined;
}

/**
 * The target among some services: a service by its full name or the last part of it, and a method behind a slash or a dot.
 * @param origin whose services they are, for errors
 * @throws ConfigError when none fits, or more than one
 */
export function resolveTarget(text: string, services: readonly string[], origin: string): CallTarget {
  const plain = plainTarget(text);
  if (plain && services.includes(plain.service)) return plain;
  const [, written = "", afterSlash] = fullTarget.exec(text) ?? [];
  const whole = fitting(written, services);
  if (whole !== undefined) return { service: whole, method: afterSlash };
  const dot = written.lastIndexOf(".");
  if (afterSlash === undefined && dot > 0) {
    const service = fitting(written.slice(0, dot), services);
    if (service !== undefined) return { service, method: written.slice(dot + 1) };
  }
  throw new ConfigError(
    services.length === 0
      ? `service ${JSON.stringify(written)} is not known: ${origin} has none`
      : `service ${JSON.stringify(written)} is not known to ${origin}; ${nearest(written, services)}`,
  );
}

function fitting(name: string, services: readonly string[]): string | undefined {
  if (services.includes(name)) return name;
  const [first, ...others] = services.filter((service) => service.endsWith(`.${name}`));
  if (first === undefined || others.length === 0) return first;
  throw new ConfigError(
    `service ${JSON.stringify(name)} is one of ${[first, ...others].join(", ")}; give the full name`,
  );
}
