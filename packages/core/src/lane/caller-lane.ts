import type { Metadata } from "@grpc/grpc-js";
import type { Call, Reply } from "../call/call.js";
import { okEnd } from "../call/end.js";
import { Code, codeOf } from "../code.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import type { LaneSettings } from "../gen/rollcall/link/v1/link.js";
import type { Clock } from "../ports/clock.js";
import { IdTable } from "../collections/id-table.js";
import { AnswerParts } from "./answer-parts.js";
import { BusyPoll } from "./busy-poll.js";
import type { FrameReceiver } from "./batch-reader.js";
import { laneLimits, laneVersion, LaneViolation } from "./lane-protocol.js";
import { fewCalls, type LaneOutbox } from "./outbox.js";
import { ordinaryPairs } from "./request-metadata.js";

/** Further deadlines are none, as for HTTP/2. */
const longestTimeoutMs = 24 * 86_400_000;

/** No method takes more of a lane than this, so that a slow one leaves room for the others. */
const mostOfOneMethod = 0.75;

interface LaneMethod {
  readonly index: number;
  underWay: number;
}

interface SentCall {
  readonly id: number;
  readonly call: Call;
  readonly method: LaneMethod;
  /** The batch it is in. */
  readonly batch: number;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: RpcError) => void;
  uncancel: () => void;
  /** The caller knows how it ended. The server may not. */
  settled: boolean;
  /** Of a long answer, what has come so far. */
  parts: AnswerParts | undefined;
}

export interface CallerLaneEnv {
  readonly clock: Clock;
  readonly outbox: LaneOutbox;
  /** How long to look for the next answer before the process sleeps, in microseconds; 0 for never. Default 300. */
  readonly busyPollUs: number | undefined;
  /** Called when the last call that was under way has ended. */
  idle(): void;
}

/**
 * The caller's end of a lane: unary calls over one stream, many at a time. Whatever is not ordinary, it leaves to plain
 * gRPC, so that limits and errors are those.
 */
export class CallerLane implements FrameReceiver {
  readonly #env: CallerLaneEnv;
  readonly #methods = new Map<string, LaneMethod>();
  readonly #calls = new IdTable<SentCall>();
  readonly #poll: BusyPoll;
  readonly #maxCalls: number;
  readonly #maxOfMethod: number;
  readonly #maxRequestBytes: number;
  #lastId = 0;
  #unsettled = 0;
  #open: boolean;

  constructor(settings: LaneSettings, env: CallerLaneEnv) {
    this.#env = env;
    this.#poll = new BusyPoll({ busyPollUs: env.busyPollUs });
    const { version, maxCalls, maxRequestBytes, methods } = settings;
    this.#open = version === laneVersion;
    this.#maxCalls = Math.min(maxCalls, laneLimits.maxCalls);
    this.#maxOfMethod = Math.ceil(this.#maxCalls * mostOfOneMethod);
    this.#maxRequestBytes = Math.min(maxRequestBytes, laneLimits.maxRequestBytes);
    for (const [index, path] of methods.slice(0, laneLimits.maxMethods).entries())
      this.#methods.set(path, { index, underWay: 0 });
  }

  /** Whether it takes calls. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** Calls whose caller waits. */
  get underWay(): number {
    return this.#unsettled;
  }

  /** Sends the call, or returns undefined when it is one for plain gRPC. */
  send(call: Call): Promise<Reply> | undefined {
    const method = this.#open ? this.#methods.get(call.method.path) : undefined;
    if (!method || call.requestStream || call.method.kind !== "unary" || call.cancelReason) return undefined;
    if (this.#calls.size >= this.#maxCalls || method.underWay >= this.#maxOfMethod) return undefined;
    const timeoutMs = this.#timeoutOf(call);
    const metadata = timeoutMs === undefined ? undefined : ordinaryPairs(call.metadata);
    const message = metadata && encoded(call);
    if (timeoutMs === undefined || !message || message.length > this.#maxRequestBytes) return undefined;
    const { outbox } = this.#env;
    // HTTP/2 holds each call back by itself, and a burst is nothing that should fail one.
    if (outbox.isFull) return undefined;
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      const { batch } = outbox;
      const sent: SentCall = {
        id,
        call,
        method,
        batch,
        resolve,
        reject,
        uncancel: () => {},
        settled: false,
        parts: undefined,
      };
      this.#calls.add(id, sent);
      method.underWay++;
      this.#unsettled++;
      outbox.frames.call(id, method.index, timeoutMs, metadata, message);
      outbox.written(this.#calls.size);
      this.#expectAnswer();
      sent.uncancel = call.onCancel((reason) => this.#abandon(sent, reason));
    });
  }

  reply(id: number, header: Metadata, trailer: Metadata, bytes: Buffer): void {
    // What breaks the rules is found out while the call is still here: it ends with the lane then.
    const message = this.#calls.get(id)?.parts?.end(bytes) ?? bytes;
    const sent = this.#answered(id);
    if (sent.settled) return;
    let response: object;
    try {
      response = sent.call.method.response.decode(message);
    } catch (error) {
      const reason = `the response cannot be read: ${error instanceof Error ? error.message : String(error)}`;
      const options = { path: methodName(sent.call.method), cause: error, processed: "yes" } as const;
      return this.#reject(sent, new RpcError(Code.Internal, reason, options));
    }
    this.#settle(sent);
    sent.resolve({ header, end: Promise.resolve(okEnd(trailer)), responseStream: false, response });
  }

  error(id: number, code: number, reason: string, trailer: Metadata): void {
    if (code === Code.Ok) throw new LaneViolation("an error frame with the code ok");
    const sent = this.#answered(id);
    if (sent.settled) return;
    const options = { path: methodName(sent.call.method), origin: "remote", trailer } as const;
    this.#reject(sent, new RpcError(codeOf(code), reason, options));
  }

  part(id: number, total: number, bytes: Buffer): void {
    const sent = this.#calls.get(id);
    if (!sent) throw notUnderWay(id);
    if (sent.settled) return;
    if (total <= laneLimits.maxResponseBytes) {
      if (sent.parts) sent.parts.add(total, bytes);
      else sent.parts = new AnswerParts(total, bytes);
      return;
    }
    const reason = `Received message larger than max (${total} vs ${laneLimits.maxResponseBytes})`;
    const path = methodName(sent.call.method);
    this.#abandon(sent, new RpcError(Code.ResourceExhausted, reason, { path, origin: "remote" }));
  }

  /** The server takes no more: no handler has seen a call with a higher id. */
  closing(lastId: number): void {
    this.#open = false;
    for (const sent of this.#calls.values()) {
      if (sent.id <= lastId) continue;
      this.#answered(sent.id);
      if (!sent.settled) this.#reject(sent, this.#error(sent.call, "the instance takes no more calls", "no"));
    }
  }

  /** Ends those calls under way for which there is a reason. */
  abort(reasonOf: (call: Call) => RpcError | undefined): void {
    for (const sent of this.#calls.values()) {
      const reason = sent.settled ? undefined : reasonOf(sent.call);
      if (reason) this.#abandon(sent, reason);
    }
  }

  /** The stream is over: nothing more comes. */
  ended(reason: string): void {
    this.#open = false;
    for (const sent of this.#calls.values()) {
      this.#calls.take(sent.id);
      if (sent.settled) continue;
      const processed = this.#env.outbox.isSent(sent.batch) ? "unknown" : "no";
      this.#reject(sent, this.#error(sent.call, reason, processed));
    }
  }

  /** The call has its one answer. */
  #answered(id: number): SentCall {
    const sent = this.#calls.take(id);
    if (!sent) throw notUnderWay(id);
    sent.method.underWay--;
    this.#poll.came();
    this.#expectAnswer();
    return sent;
  }

  #expectAnswer(): void {
    const { size } = this.#calls;
    if (size > 0 && size <= fewCalls) this.#poll.expect();
  }

  /** Ends a call here, and asks the server to end it too. It keeps its place until that has answered. */
  #abandon(sent: SentCall, reason: RpcError): void {
    if (sent.settled) return;
    const { outbox } = this.#env;
    outbox.frames.cancel(sent.id);
    outbox.written(this.#calls.size);
    this.#reject(sent, reason);
  }

  #reject(sent: SentCall, error: RpcError): void {
    this.#settle(sent);
    sent.reject(error);
  }

  #settle(sent: SentCall): void {
    sent.settled = true;
    sent.parts = undefined;
    sent.uncancel();
    if (--this.#unsettled === 0) this.#env.idle();
  }

  /** Whole milliseconds, as on HTTP/2; 0 for none; undefined for a deadline that plain gRPC has to judge. */
  #timeoutOf({ deadline }: Call): number | undefined {
    if (deadline === Infinity) return 0;
    const left = deadline - this.#env.clock.now();
    if (left > longestTimeoutMs) return 0;
    return left > 0 ? Math.ceil(left) : undefined;
  }

  #error(call: Call, reason: string, processed: "no" | "unknown"): RpcError {
    return new RpcError(Code.Unavailable, reason, { path: methodName(call.method), processed });
  }
}

/** Undefined for what cannot be encoded: plain gRPC says so. */
function encoded(call: Call): Buffer | undefined {
  try {
    return call.method.request.encode(call.request);
  } catch {
    return undefined;
  }
}

function notUnderWay(id: number): LaneViolation {
  return new LaneViolation(`an answer to the call ${id}, which is not under way`);
}
