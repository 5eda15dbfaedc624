import { Metadata } from "@grpc/grpc-js";
import type { Call } from "../call/call.js";
import { flow } from "../call/flow.js";
import { createCall } from "../call/pipeline-call.js";
import { Code } from "../code.js";
import { asBuffer } from "../contract/codec.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import type { Frame, Hello, HelloInit, LaneSettings } from "../gen/rollcall/link/v1/link.js";
import { readInTurns } from "../lane/batch-turns.js";
import { CallerLane } from "../lane/caller-lane.js";
import { laneFeature, laneLimits, LaneViolation } from "../lane/lane-protocol.js";
import { LaneOutbox } from "../lane/outbox.js";
import type { Clock } from "../ports/clock.js";
import type { Connection } from "../ports/transport.js";
import { violated } from "../lane/violation.js";
import { FrameQueue } from "./frame-queue.js";
import { linkMethod } from "./link-codec.js";

const path = methodName(linkMethod);

/** What a caller's end of a link tells. None may throw. */
export interface CallerLinkEvents {
  hello(hello: Hello): void;
  /** It takes calls from now on. */
  laneOpened(): void;
  /** The server will stop: acknowledged when this returns. */
  drain(): void;
  /** Once, unless it was closed here: without an error when the server ended it, as one that drains does. */
  ended(error: RpcError | undefined): void;
  /** The last call that was under way on the lane has ended. */
  idle(): void;
  /** Nothing is left of it; in any case, and once. */
  closed(): void;
}

export interface CallerLinkEnv {
  readonly clock: Clock;
  /** As in `CallerLaneEnv`. */
  readonly busyPollUs: number | undefined;
}

/** The caller's end of one link: opened at once, and never again. */
export class CallerLink {
  readonly #env: CallerLinkEnv;
  readonly #events: CallerLinkEvents;
  readonly #out = new FrameQueue();
  readonly #pings = new Map<number, PromiseWithResolvers<void>>();
  readonly #call: Call;
  readonly #wantsLane: boolean;
  #lane: CallerLane | undefined;
  #lanePromised = false;
  #lastPing = 0;
  #over = false;
  #retired = false;

  constructor(
    connection: Pick<Connection, "call">,
    hello: HelloInit,
    events: CallerLinkEvents,
    env: CallerLinkEnv,
  ) {
    this.#env = env;
    this.#events = events;
    this.#wantsLane = hello.features?.includes(laneFeature) ?? false;
    this.#out.push({ hello });
    // Made by hand: a link must not inherit the deadline of a call that happens to be handled when it is opened.
    this.#call = createCall({
      method: linkMethod,
      metadata: new Metadata(),
      deadline: Infinity,
      request: this.#out,
    });
    void this.#run(connection);
  }

  /** Carries calls, once the server has said that it takes them. */
  get lane(): CallerLane | undefined {
    return this.#lane;
  }

  /** Whether the server has promised a lane, and not opened it yet. */
  get awaitsLane(): boolean {
    return this.#wantsLane && this.#lanePromised && !this.#lane;
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

  /** Ends it when no call is under way on it any more; `events` hear of nothing but that. */
  retire(): void {
    this.#retired = true;
    if (!this.#lane?.underWay) this.#close();
  }

  #close(): void {
    if (this.#over) return;
    this.#end("the connection was closed");
    this.#call.cancel(new RpcError(Code.Cancelled, "the link was closed", { path }));
  }

  async #run(connection: Pick<Connection, "call">): Promise<void> {
    let failure: RpcError | undefined;
    try {
      const reply = await connection.call(this.#call);
      if (!reply.responseStream) throw new RpcError(Code.Internal, "one message answered a link", { path });
      await flow(reply.response as AsyncIterable<Frame>, this.#received);
    } catch (error) {
      failure = error instanceof LaneViolation ? violated(error) : RpcError.from(error, path);
    }
    if (this.#over) return;
    if (failure?.origin === "local") this.#call.cancel(failure);
    this.#end(failure ? `the link has broken: ${failure.reason}` : "the instance has stopped");
    if (!this.#retired) this.#events.ended(failure);
  }

  readonly #received = (frame: Frame): Promise<void> | undefined => {
    if (this.#over) return undefined;
    if (frame.kind === "laneBatch") {
      if (!this.#lane) throw new LaneViolation("a batch before the settings");
      return readInTurns(asBuffer(frame.laneBatch), this.#lane);
    }
    this.#control(frame);
    return undefined;
  };

  #control(frame: Frame): void {
    switch (frame.kind) {
      case "hello":
        this.#lanePromised = frame.hello.features.includes(laneFeature);
        if (!this.#retired) this.#events.hello(frame.hello);
        return;
      case "drain":
        if (!this.#retired) this.#events.drain();
        // No call that was sent before comes after it.
        this.#out.pushLast({ drainAck: {} });
        return;
      case "ping":
        this.#out.push({ pong: { id: frame.ping.id } });
        return;
      case "pong":
        this.#pings.get(frame.pong.id)?.resolve();
        return;
      case "laneSettings":
        return this.#openLane(frame.laneSettings);
      case "laneClose":
        return this.#lane?.closing(Number(frame.laneClose.lastId));
      default:
      // Of a later version.
    }
  }

  #openLane(settings: LaneSettings): void {
    // Whoever has lanes switched off, or has found this one broken, must not be talked into one.
    if (!this.#wantsLane) return;
    if (!this.#lanePromised) throw new LaneViolation("settings before a hello that promised them");
    if (this.#lane) throw new LaneViolation("settings for the second time");
    const outbox = new LaneOutbox(this.#out, laneLimits.maxWaitingRequestBytes);
    const idle = (): void => (this.#retired ? this.#close() : this.#events.idle());
    const { clock, busyPollUs } = this.#env;
    this.#lane = new CallerLane(settings, { clock, busyPollUs, outbox, idle });
    if (!this.#retired) this.#events.laneOpened();
  }

  #end(reason: string): void {
    this.#over = true;
    this.#out.close();
    this.#lane?.ended(reason);
    this.#events.closed();
    for (const { reject } of this.#pings.values()) reject(endedError());
  }
}

function endedError(): RpcError {
  return new RpcError(Code.Unavailable, "the link has ended", { path });
}
