import type { Logger } from "pino";

/** Logs a fault that repeats, at a falling rate. */
export interface FaultLog {
  /** Logs the 1st, 2nd, 4th, 8th... fault in a row with its count. */
  failed(error: unknown): void;
  /** Ends the row; logs that it ended when there was one. */
  recovered(): void;
}

/**
 * @param what what fails, as the start of the line: `etcd watch`
 * @param level of the faults
 */
export function createFaultLog(
  logger: Logger | undefined,
  what: string,
  level: "warn" | "error" = "warn",
): FaultLog {
  let count = 0;
  return {
    failed(error) {
      count += 1;
      if (Number.isInteger(Math.log2(count)))
        logger?.[level]({ reason: reasonOf(error), failures: count }, `${what} failed`);
    },
    recovered() {
      if (count > 0) logger?.info({ failures: count }, `${what} works again`);
      count = 0;
    },
  };
}

/** The words alone: where in a client library a fault came up says nothing to an operator. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
