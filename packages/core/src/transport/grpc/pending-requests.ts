import { Metadata, status } from "@grpc/grpc-js";
import { LinkedList, type Link } from "../../collections/linked-list.js";
import type { Clock } from "../../ports/clock.js";
import type { InnerCall } from "./inner-call.js";

export interface PendingRequestLimits {
  /** How many requests may be on their way at once; 0 for any number. */
  readonly maxPendingRequests: number;
  /** How long a request may be on its way; 0 for any time. */
  readonly requestTimeoutMs: number;
}

interface PendingRequest {
  readonly call: InnerCall;
  readonly sinceMs: number;
}

/** How long callers are told to wait, in milliseconds: as long as it takes a few requests to arrive. */
const pushbackMs = { least: 50, most: 150 };

/**
 * The calls whose one request has not arrived yet. No handler knows of them, so nothing else bounds how many there are
 * and how long they last: callers may open streams and send nothing, or begin large messages and never end them.
 */
export class PendingRequests {
  readonly #limits: PendingRequestLimits;
  readonly #env: { readonly clock: Clock; random(): number };
  /** The oldest first. */
  readonly #pending = new LinkedList<PendingRequest>();
  #stopTimer: (() => void) | undefined;

  constructor(limits: PendingRequestLimits, env: { readonly clock: Clock; random(): number }) {
    this.#limits = limits;
    this.#env = env;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Watches over a call until its request has arrived. Returns whether there is room; if not, the call has ended. */
  enter(call: InnerCall): boolean {
    const { maxPendingRequests: most } = this.#limits;
    if (most > 0 && this.#pending.size >= most) {
      const metadata = new Metadata();
      const { least, most: longest } = pushbackMs;
      const ms = Math.round(least + this.#env.random() * (longest - least));
      metadata.set("grpc-retry-pushback-ms", `${ms}`);
      const details = `${most} requests are still arriving, which is the most this server takes`;
      call.sendStatus({ code: status.RESOURCE_EXHAUSTED, details, metadata });
      return false;
    }
    const link = this.#pending.add({ call, sinceMs: this.#env.clock.now() });
    const leave = (): void => this.#leave(link);
    call.stream.on("end", leave).on("close", leave);
    this.#arm();
    return true;
  }

  #leave(link: Link<PendingRequest>): void {
    this.#pending.remove(link);
    if (this.#pending.size > 0) return;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  /** One timer for all: the oldest is the first to be late. */
  #arm(): void {
    const oldest = this.#pending.first;
    const { requestTimeoutMs } = this.#limits;
    if (this.#stopTimer || oldest === undefined || requestTimeoutMs === 0) return;
    const { clock } = this.#env;
    this.#stopTimer = clock.timer(oldest.sinceMs + requestTimeoutMs - clock.now(), () => {
      this.#stopTimer = undefined;
      this.#endLate();
      this.#arm();
    });
  }

  #endLate(): void {
    const { requestTimeoutMs } = this.#limits;
    const before = this.#env.clock.now() - requestTimeoutMs;
    const details = `the request did not arrive within ${requestTimeoutMs} ms`;
    for (let oldest = this.#pending.first; oldest && oldest.sinceMs <= before; oldest = this.#pending.first) {
      this.#pending.shift();
      oldest.call.sendStatus({ code: status.DEADLINE_EXCEEDED, details });
    }
  }
}
