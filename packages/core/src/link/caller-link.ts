import { Metadata } from "@grpc/grpc-js";
import type { Call } from "../call/call.js";
import { createCall } from "../call/pipeline-call.js";
import { Code } from "../code.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import { Link, type Frame, type Hello, type HelloInit } from "../gen/rollcall/link/v1/link.js";
import type { Connection } from "../ports/transport.js";
import { FrameQueue } from "./link-protocol.js";

const path = methodName(Link.methods.open);

/** What a caller's end of a link tells. None may throw. */
export interface CallerLinkEvents {
  hello(hello: Hello): void;
  /** The server will stop: acknowledged when this returns. */
  drain(): void;
  /** Once, unless it was closed here: without an error when the server ended it, as one that drains does. */
  ended(error: RpcError | undefined): void;
}

/** The caller's end of one link: opened at once, and never again. */
export class CallerLink {
  readonly #events: CallerLinkEvents;
  readonly #out = new FrameQueue();
  readonly #pings = new Map<number, PromiseWithResolvers<void>>();
  readonly #call: Call;
  #lastPing = 0;
  #over = false;

  constructor(connection: Pick<Connection, "call">, hello: HelloInit, events: CallerLinkEvents) {
    this.#events = events;
    this.#out.push({ hello });
    // Made by hand: a link must not inherit the deadline of a call that happens to be handled when it is opened.
    this.#call = createCall({
      method: Link.methods.open,
      metadata: new Metadata(),
      deadline: Infinity,
      request: this.#out,
    });
    void this.#run(connection);
  }

  /** Resolves when the server answers; rejects with the signal's reason, or when the link ends first. */
  ping(signal: AbortSignal): Promise<void> {
    const id = (this.#lastPing = (this.#lastPing + 1) % 2 ** 32);
    const pong = Promise.withResolvers<void>();
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    if (this.#over || !this.#out.push({ ping: { id } })) return Promise.reject(endedError());
    const aborted = (): void => pong.reject(signal.reason as Error);
    signal.addEventListener("abort", aborted, { once: true });
    this.#pings.set(id, pong);
    return pong.promise.finally(() => {
      this.#pings.delete(id);
      signal.removeEventListener("abort", aborted);
    });
  }

  /** Ends it without a word to `events`. */
  close(): void {
    if (this.#over) return;
    this.#end();
    this.#call.cancel(new RpcError(Code.Cancelled, "the link was closed", { path }));
  }

  async #run(connection: Pick<Connection, "call">): Promise<void> {
    let failure: RpcError | undefined;
    try {
      const reply = await connection.call(this.#call);
      if (!reply.responseStream) throw new RpcError(Code.Internal, "one message answered a link", { path });
      for await (const frame of reply.response) this.#received(frame);
    } catch (error) {
      failure = RpcError.from(error, path);
    }
    if (this.#over) return;
    this.#end();
    this.#events.ended(failure);
  }

  #received(frame: Frame): void {
    if (this.#over) return;
    switch (frame.kind) {
      case "hello":
        return this.#events.hello(frame.hello);
      case "drain":
        this.#events.drain();
        this.#out.push({ drainAck: {} });
        return;
      case "ping":
        this.#out.push({ pong: { id: frame.ping.id } });
        return;
      case "pong":
        this.#pings.get(frame.pong.id)?.resolve();
        return;
      default:
      // Of a later version.
    }
  }

  #end(): void {
    this.#over = true;
    this.#out.close();
    for (const { reject } of this.#pings.values()) reject(endedError());
  }
}

function endedError(): RpcError {
  return new RpcError(Code.Unavailable, "the link has ended", { path });
}
