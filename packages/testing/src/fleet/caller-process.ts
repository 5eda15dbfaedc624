import type { ProgressMessage, ReceiptMessage, RunnerMessage } from "./caller.js";
import { FleetProcess, isKind, type ProcessCommand, type ProcessOptions } from "./process.js";
import { emptyTally } from "./tally.js";

/** How a caller process is started. */
export interface StartCallerOptions extends ProcessOptions {
  /** From its start to its first call. Default 20 s. */
  readonly readyTimeoutMs?: number | undefined;
}

/** A process that runs `runCaller`. Disposing ends it. */
export class CallerProcess implements AsyncDisposable {
  private latest: ProgressMessage = {
    rollcall: "progress",
    totals: emptyTally(),
    byInstance: {},
    inFlight: 0,
  };

  constructor(readonly process: FleetProcess) {
    process.onMessage((message) => {
      if (isKind(message, "progress")) this.latest = message as ProgressMessage;
    });
  }

  /** Its counters, as of its last report. */
  get progress(): ProgressMessage {
    return this.latest;
  }

  /**
   * The fleet is about to do something else. Resolves when the caller knows: calls due from then on count for the step.
   * @param options.outage see `ReceiptRecorder.step`
   */
  async step(name: string, options: { readonly outage?: boolean | undefined } = {}): Promise<void> {
    const begun = this.process.message(
      (message) =>
        isKind(message, "step") && (message as { name?: unknown }).name === name ? true : undefined,
      `step "${name}"`,
      10_000,
    );
    this.tell({ rollcall: "step", name, outage: options.outage ?? false });
    await begun;
  }

  /** Ends the calls; resolves with the receipt when the last has been answered. */
  async finish(timeoutMs = 30_000): Promise<ReceiptMessage> {
    const receipt = this.process.message(
      (message) => (isKind(message, "receipt") ? (message as ReceiptMessage) : undefined),
      "receipt",
      timeoutMs,
    );
    this.tell({ rollcall: "finish" });
    return await receipt;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }

  private tell(message: RunnerMessage): void {
    this.process.send(message);
  }
}

/** Starts a process that runs `runCaller`, and waits until it begins to call. */
export async function startCaller(
  command: ProcessCommand,
  options: StartCallerOptions = {},
): Promise<CallerProcess> {
  const process = await FleetProcess.start(command, { name: "caller", ...options });
  try {
    await process.untilServing(options.readyTimeoutMs ?? 20_000);
    return new CallerProcess(process);
  } catch (error) {
    await process.kill();
    throw error;
  }
}
