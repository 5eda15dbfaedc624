import { Metadata } from "@grpc/grpc-js";
import type { ServerCallContext } from "../call/call.js";
import { flow } from "../call/flow.js";
import { asBuffer } from "../contract/codec.js";
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

  /** Takes what the caller sends. Never rejects: a link that breaks is one that has ended. */
  async read(requests: AsyncIterable<Frame>): Promise<void> {
    try {
      await flow(requests, this.#received);
      this.out.close();
    } catch (error) {
      // Or it was cancelled, or the connection broke.
      this.out.close(error instanceof LaneViolation ? violated(error) : undefined);
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

  readonly #received = (frame: Frame): Promise<void> | undefined => {
    if (frame.kind !== "laneBatch") {
      this.#control(frame);
      return undefined;
    }
    const lane = this.#lane;
    if (!lane) throw new LaneViolation("a batch before the settings");
    const rest = readInTurns(asBuffer(frame.laneBatch), lane.served);
    // Who does not take answers is asked no more questions.
    const room = (): Promise<void> | undefined => (lane.outbox.isFull ? lane.outbox.room() : undefined);
    return rest ? rest.then(room) : room();
  };

  #control(frame: Frame): void {
    switch (frame.kind) {
      case "hello":
        return this.#greeted(frame.hello);
      case "drainAck":
        return this.#acknowledge();
      case "ping":
        // A peer that asks and does not read the answers has lost its link.
        if (!this.out.push({ pong: { id: frame.ping.id } })) throw new Error("nobody reads the pongs");
        return;
      default:
      // A pong that nobody waits for, or of a later version.
    }
  }

  #greeted({ app, caller, features }: Hello): void {
    this.#name = `${app} ${caller}`.trim().slice(0, longestName);
    if (this.host && features.includes(laneFeature) && !this.#lane && !this.#draining)
      this.#openLane(this.host);
  }

  #openLane(host: LaneHost): void {
    const { metadata, peer, draining } = this.#ctx;
    const outbox = new LaneOutbox(this.out, laneLimits.maxWaitingResponseBytes);
    const idle = (): void => this.#closeIfIdle();
    const env = { ...host, metadata: ofConnection(metadata), peer, draining, outbox, idle };
    this.#lane = { served: new ServedLane(env), outbox };
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

/** What a link's metadata says of the connection, and so of all calls on it. */
function ofConnection(metadata: Metadata): Metadata {
  const shared = new Metadata();
  const userAgent = textOf(metadata, "user-agent");
  if (userAgent !== undefined) shared.set("user-agent", userAgent);
  return shared;
}
