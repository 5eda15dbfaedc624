import { createHash } from "node:crypto";
import type { Logger } from "pino";

/** Warns that what a key holds is not used, and why. */
export type RejectionLog = (key: string, value: Uint8Array, why: string) => void;

/** How many values are remembered; one that returns after that many others is warned of again. */
const mostRemembered = 1000;

/**
 * Warns once per key and value, however often they are read.
 * @param what is not used, and what becomes of it: `etcd record is ignored`
 */
export function createRejectionLog(logger: Logger | undefined, what: string): RejectionLog {
  const warned = new Set<string>();
  return (key, value, why) => {
    const seen = `${createHash("sha256").update(value).digest("base64")} ${key}`;
    if (warned.has(seen)) return;
    warned.add(seen);
    const [oldest] = warned;
    if (warned.size > mostRemembered && oldest !== undefined) warned.delete(oldest);
    logger?.warn({ key, why }, `${what}: it ${why}`);
  };
}
