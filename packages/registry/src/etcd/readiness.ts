import { ConfigError } from "@rollcall/core";
import type { Logger } from "pino";
import { createFaultLog } from "../fault-log.js";
import { isForbidden, isRefusedUser } from "./failure.js";
import type { Link } from "./link.js";
import { retry, type Environment } from "./retry.js";

/**
 * Resolves when etcd answers a linearizable read.
 * @throws ConfigError at once when etcd refuses the user; an error with the last failure when the signal aborts
 */
export async function untilReady(
  kv: Link,
  key: string,
  environment: Environment & { readonly logger?: Logger | undefined },
  signal: AbortSignal,
): Promise<void> {
  const refused = new AbortController();
  let last: Error | undefined;
  const ask = async (): Promise<void> => {
    try {
      await kv.call(({ kv }) => kv.range({ key: Buffer.from(key), count_only: true }));
    } catch (error) {
      // A user with rights on some services only: etcd answers, which is all that was asked.
      if (isForbidden(error)) return;
      last = error as Error;
      if (isRefusedUser(error))
        refused.abort(new ConfigError("etcd refuses the user or the password", { cause: error }));
      throw error;
    }
  };
  const faults = createFaultLog(environment.logger, "reaching etcd");
  try {
    await retry(ask, environment, faults, AbortSignal.any([signal, refused.signal]));
  } catch (error) {
    if (refused.signal.aborted || !last) throw error;
    throw new Error(`etcd did not answer: ${last.message}`, { cause: error });
  }
}
