import type { CreateClientOptions } from "@rollcall/app";
import { classifyError } from "@rollcall/testing/fleet";
import { ExitCode, ExitError } from "../exit-code.js";
import type { CallerPlan } from "./caller-plan.js";
import { createTrafficClient } from "./traffic-client.js";
import { callText } from "./traffic.js";

const timeoutMs = 5000;

/**
 * Makes each call once while nothing happens: one that fails then says nothing of a drill.
 * @throws ExitError that says which failed and how
 */
export async function tryEach(
  { calls, streams, streamCount, services }: CallerPlan,
  options: CreateClientOptions,
  note: (line: string) => void,
): Promise<void> {
  await using client = createTrafficClient(services, options);
  for (const call of calls) {
    try {
      await client.unary(call, { timeoutMs });
      note(
        `calls:   ${callText(call)}${call.idempotent ? "" : " (may not run twice: left out while processes die)"}`,
      );
    } catch (error) {
      const { message } = error as Error;
      if (classifyError(error) === "dropped") throw failed(callText(call), message, error);
      note(`calls:   ${callText(call)}, which the service refuses: ${message}`);
    }
  }
  for (const stream of streamCount > 0 ? streams : []) {
    try {
      const leave = new AbortController();
      for await (const _ of client.stream(stream, { timeoutMs, signal: leave.signal })) break;
      leave.abort();
      note(`streams: ${callText(stream)}`);
    } catch (error) {
      throw failed(callText(stream), (error as Error).message, error);
    }
  }
}

function failed(call: string, message: string, cause: unknown): ExitError {
  return new ExitError(
    ExitCode.failed,
    `${call} fails before anything is done to the service: ${message}; say what to call with --call and --stream`,
    { cause },
  );
}
