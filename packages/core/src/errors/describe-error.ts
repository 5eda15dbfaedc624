import { inspect, type InspectOptions } from "node:util";
import type { Detail } from "./detail-type.js";
import { ErrorInfo } from "./details.js";

interface Described extends Error {
  readonly origin: string;
  readonly processed: string;
  readonly details: readonly Detail[];
}

/** An error as `console.log` shows it: its stack, then what there is beside the message. No metadata, no detail's contents. */
export function describeError(error: Described, depth: number, options: InspectOptions): string {
  if (depth < 0) return `[${error.toString()}]`;
  const { origin, processed, details, cause } = error;
  const shown = {
    origin,
    processed,
    ...(details.length > 0 ? { details: details.map(nameOf) } : {}),
    ...(cause === undefined ? {} : { cause }),
  };
  return `${error.stack ?? error.toString()} ${inspect(shown, { ...options, depth })}`;
}

function nameOf(detail: Detail): string {
  const name = detail.typeUrl.slice(detail.typeUrl.lastIndexOf("/") + 1);
  const info = ErrorInfo.read(detail);
  return info ? `${name} ${info.reason} of ${info.domain}` : name;
}
