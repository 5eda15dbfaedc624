import type { ServerCallContext } from "../call/call.js";
import { asBuffer } from "../contract/codec.js";
import type { RpcError } from "../errors.js";
import type { Frame, Hello } from "../gen/rollcall/link/v1/link.js";
import { readInTurns } from "../lane/batch-turns.js";
import type { LaneHost } from "../lane/lane-host.js";
import { laneFeature, laneLimits, laneVersion, LaneViolation } from "../lane/lane-protocol.js";
import { LaneOutbox } from "../lane/outbox.js";
import { ServedLane } from "../lane/served-lane.js";
import { violated } from "../lane/violation.js";
import { textOf } from "../routing/identity.js";
import type { FrameQueue } from "./frame-queue.js";

/** A caller's name for itself is for logs only, and may be anything. */
const longestName = 64;

/** The server's end of one link. */
export class ServedLink {
  readonly out: FrameQueue;
  /** What calls on it are answered by; undefined when it carries none. */
  readonly host: LaneHost | undefined;
  readonly #ctx: ServerCallContext;
  readonly #acknowledged = Promise.withResolvers<void>();
  #lane: { readonly served: ServedLane; readonly outbox: LaneOutbox } | undefined;
  #acked = false;
  #draining = false;
  #name = "";
  #failure: RpcError | undefined;

  constructor(out: FrameQueue, ctx: ServerCallContext, host: LaneHost | undefined) {
    this.out = out;
    this.host = host;
    this.#ctx = ctx;
  }

  get peer(): string {
    return this.#ctx.peer.address;
  }

  /** What the caller calls itself; empty before it has said so. */
  get name(): string {
    return this.#name;
  }

  /** The caller sends no more calls, or is gone. */
  get acked(): boolean {
    return this.#acked;
  }

  /** Resolves then. */
  get acknowledged(): Promise<void> {
    return this.#acknowledged.promise;
  }

  /** What its end is for the caller, if not a good one. */
  get failure(): RpcError | undefined {
    return this.#failure;
  }

  /** Takes what the caller sends. Never rejects: a link that breaks is one that has ended. */
  async read(requests: AsyncIterable<Frame>): Promise<void> {
    try {
      for await (const frame of requests) {
        if (frame.kind === "laneBatch") {
          if (!this.#lane) throw new LaneViolation("a batch before the settings");
          await readInTurns(asBuffer(frame.laneBatch), this.#lane.served);
        } else if (!this.#received(frame)) break;
        // Who does not take answers is asked no more questions.
        if (this.#lane?.outbox.isFull) await this.#lane.outbox.room();
      }
    } catch (error) {
      // Or it was cancelled, or the connection broke.
      if (error instanceof LaneViolation) this.#failure = violated(error);
    } finally {
      this.out.close();
    }
  }

  /** The server stops: what is under way is answered, and nothing more is taken. A link must not hold up the exit. */
  drained(): void {
    this.#draining = true;
    if (this.#lane) this.out.push({ laneClose: { lastId: this.#lane.served.close() } });
    this.#closeIfIdle();
  }

  ended(): void {
    this.#lane?.served.ended();
    this.#acknowledge();
  }

  /** Returns whether to go on. */
  #received(frame: Frame): boolean {
    switch (frame.kind) {
      case "hello":
        this.#greeted(frame.hello);
        return true;
      case "drainAck":
        this.#acknowledge();
        return true;
      case "ping":
        // A peer that asks and does not read the answers has lost its link.
        return this.out.push({ pong: { id: frame.ping.id } });
      default:
        // A pong that nobody waits for, or of a later version.
        return true;
    }
  }

  #greeted({ app, caller, features }: Hello): void {
    this.#name = `${app} ${caller}`.trim().slice(0, longestName);
    if (this.host && features.includes(laneFeature) && !this.#lane && !this.#draining)
      this.#openLane(this.host);
  }

  #openLane(host: LaneHost): void {
    const { metadata, peer, draining } = this.#ctx;
    const outbox = new LaneOutbox(this.out);
    const idle = (): void => this.#closeIfIdle();
    const userAgent = textOf(metadata, "user-agent");
    this.#lane = { served: new ServedLane({ ...host, peer, draining, userAgent, outbox, idle }), outbox };
    const { maxCalls, maxMethods, maxRequestBytes } = laneLimits;
    const methods = host.methods.slice(0, maxMethods).map(({ path }) => path);
    this.out.push({ laneSettings: { version: laneVersion, maxCalls, maxRequestBytes, methods } });
  }

  #closeIfIdle(): void {
    if (this.#draining && !this.#lane?.served.underWay) this.out.close();
  }

  #acknowledge(): void {
    this.#acked = true;
    this.#acknowledged.resolve();
  }
}
