import { status } from "@grpc/grpc-js";
import type { InnerCall } from "./inner-call.js";

/** Of deflate: a byte can stand for 1032. */
const mostRatio = 1032;

/** Of a message's flag and length. */
const prefixBytes = 5;

export interface InflationLimits {
  /** Of inflated messages that are held at once, over all calls; 0 for any number. */
  readonly maxInflatedBytes: number;
  /** The largest message that may come; 0 for any. */
  readonly maxReceiveBytes: number;
}

interface Holder {
  readonly call: InnerCall;
  /** Of its messages that are inflated and not yet taken. */
  readonly sizes: number[];
  /** Called when it holds less. */
  freed: () => void;
}

const takers = new WeakMap<InnerCall, () => void>();

/** Says that a handler has taken the next message of a request stream. */
export function messageTaken(call: InnerCall): void {
  takers.get(call)?.();
}

/**
 * Bounds the memory that compressed requests take over all calls: 4 KB can stand for 4 MiB, and grpc-js inflates
 * whatever has arrived at once. Messages wait while others inflate that may become `maxInflatedBytes` together; and those
 * that were inflated and are still held, by calls under way, may be as much again. A message beyond that ends its call
 * with RESOURCE_EXHAUSTED, but in a stream of requests it waits until those before it were read.
 */
export class Inflation {
  readonly #limits: InflationLimits;
  readonly #waiting: (() => void)[] = [];
  /** What the messages that are inflating may become. */
  #reserved = 0;
  #held = 0;

  constructor(limits: InflationLimits) {
    this.#limits = limits;
  }

  /**
   * Bounds one call.
   * @param streams whether its requests are a stream: then each message is held until `taken`, else until the call ends
   */
  bound(call: InnerCall, streams: boolean): void {
    if (call.incomingEncoding === "identity" || this.#limits.maxInflatedBytes === 0) return;
    const inflate = call.decompressMessage.bind(call);
    const holder: Holder = { call, sizes: [], freed: () => {} };
    // One after the other: messages that wait for earlier ones to be read must not come before them.
    let last: Promise<unknown> = Promise.resolve();
    call.decompressMessage = (message, encoding) => {
      const next = last.then(async () => {
        const bytes =
          encoding === "identity"
            ? message.subarray(prefixBytes)
            : await this.#inflate(holder, message, () => inflate(message, encoding));
        if (!call.stream.closed) this.#hold(holder, encoding === "identity" ? 0 : bytes.length);
        return bytes;
      });
      last = next.catch(() => {});
      return next;
    };
    call.stream.once("close", () => {
      while (holder.sizes.length > 0) this.#release(holder);
      holder.freed();
    });
    if (streams) takers.set(call, () => this.#release(holder));
  }

  async #inflate(holder: Holder, message: Buffer, inflate: () => Buffer | Promise<Buffer>): Promise<Buffer> {
    const { maxInflatedBytes, maxReceiveBytes } = this.#limits;
    const largest = maxReceiveBytes || Infinity;
    const worst = Math.min((message.length - prefixBytes) * mostRatio, largest);
    const { call, sizes } = holder;
    while (
      takers.has(call) &&
      !call.stream.closed &&
      sizes.some(Boolean) &&
      this.#held + worst > maxInflatedBytes
    )
      await new Promise<void>((resolve) => (holder.freed = resolve));
    while (this.#reserved > 0 && this.#reserved + worst > maxInflatedBytes)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    // Nobody waits for it any more.
    if (call.stream.closed) return Buffer.alloc(0);
    this.#reserved += worst;
    try {
      const bytes = await inflate();
      if (this.#held + bytes.length > maxInflatedBytes) throw this.#exhausted();
      return bytes;
    } finally {
      this.#reserved -= worst;
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  #hold(holder: Holder, bytes: number): void {
    this.#held += bytes;
    holder.sizes.push(bytes);
  }

  #release(holder: Holder): void {
    this.#held -= holder.sizes.shift() ?? 0;
    holder.freed();
  }

  /** As grpc-js wants the failure of a message: a status, no error. */
  #exhausted(): { code: status; details: string } {
    const details = `compressed requests hold ${this.#held} of ${this.#limits.maxInflatedBytes} bytes: try again later, or send this one uncompressed`;
    return { code: status.RESOURCE_EXHAUSTED, details };
  }
}
