import { Metadata } from "@grpc/grpc-js";
import type { Call, Handler, Peer, Reply } from "../call/call.js";
import { callerGone } from "../call/caller-gone.js";
import { createServerCall } from "../call/pipeline-call.js";
import { Code } from "../code.js";
import { IdTable } from "../collections/id-table.js";
import { encodedMessage } from "../contract/codec.js";
import type { MethodContract } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import type { Clock } from "../ports/clock.js";
import { statusOf, undecodable, wrongKind } from "../transport/answer-status.js";
import { hasEntries } from "../transport/has-entries.js";
import { sendable } from "../transport/grpc/sendable.js";
import { answerPairs } from "./answer-metadata.js";
import { BusyPoll } from "./busy-poll.js";
import type { FrameReceiver } from "./batch-reader.js";
import { laneLimits, LaneViolation } from "./lane-protocol.js";
import { LongAnswers } from "./long-answers.js";
import type { MetadataPairs } from "./metadata-pairs.js";
import type { LaneOutbox } from "./outbox.js";

interface ServedCall {
  readonly id: number;
  readonly call: Call;
  readonly header: Metadata;
  readonly trailer: Metadata;
  /** Its caller has cancelled it. */
  cancelled: boolean;
}

export interface ServedLaneEnv {
  /** The unary methods that can be called, in the order in which the caller was told of them. */
  readonly methods: readonly MethodContract[];
  readonly dispatch: Handler;
  readonly clock: Clock;
  readonly peer: Peer;
  /** What calls have beside their own, as over HTTP/2: what the connection says of the caller's software. */
  readonly metadata: Metadata;
  readonly draining: AbortSignal;
  readonly outbox: LaneOutbox;
  /** How long to look for the next call before the process sleeps, in microseconds; 0 for never. Default 300. */
  readonly busyPollUs: number | undefined;
  /** Called when the last call has its answer. */
  idle(): void;
}

/** The server's end of a lane: every call gets exactly one answer. */
export class ServedLane implements FrameReceiver {
  readonly #env: ServedLaneEnv;
  readonly #calls = new IdTable<ServedCall>();
  readonly #long: LongAnswers;
  readonly #poll: BusyPoll;
  #lastId = 0;
  #cancelled = 0;
  #closing = false;

  constructor(env: ServedLaneEnv) {
    this.#env = env;
    this.#long = new LongAnswers(env.outbox);
    this.#poll = new BusyPoll({ busyPollUs: env.busyPollUs });
  }

  /** Calls whose caller waits for an answer. Those that were cancelled hold nothing up, though their handlers go on. */
  get underWay(): number {
    return this.#calls.size - this.#cancelled;
  }

  /** Takes no more calls. Returns the highest id of those that it took. */
  close(): number {
    this.#closing = true;
    return this.#lastId;
  }

  call(id: number, index: number, timeoutMs: number, metadata: Metadata, message: Buffer): void {
    if (this.#closing) return;
    if (id <= this.#lastId) throw new LaneViolation(`the call ${id} after the call ${this.#lastId}`);
    this.#lastId = id;
    this.#poll.came();
    const method = this.#env.methods[index];
    if (!method) throw new LaneViolation(`a call of the method ${index} of ${this.#env.methods.length}`);
    if (this.#calls.size >= laneLimits.maxCalls)
      throw new LaneViolation(`more than ${laneLimits.maxCalls} calls without an answer`);
    if (message.length > laneLimits.maxRequestBytes)
      throw new LaneViolation(`a request of ${message.length} bytes, above ${laneLimits.maxRequestBytes}`);
    this.#serve(id, method, timeoutMs, metadata, message);
  }

  /** One that has been answered, as the caller could not know, or never came, is of no account. */
  cancel(id: number): void {
    if (id > this.#lastId && !this.#closing)
      throw new LaneViolation(`a cancellation of the call ${id}, which has not come`);
    const served = this.#calls.get(id);
    if (!served || served.cancelled) return;
    served.cancelled = true;
    this.#cancelled++;
    const reason = callerGone(served.call, this.#env.clock);
    if (this.#long.has(id)) return this.#fail(served, reason);
    served.call.cancel(reason);
    if (this.underWay === 0) this.#env.idle();
  }

  /** The caller is gone: nobody waits for an answer any more. */
  ended(): void {
    this.#closing = true;
    for (const served of this.#calls.values()) {
      served.cancelled = true;
      served.call.cancel(callerGone(served.call, this.#env.clock));
    }
    this.#calls.clear();
    this.#cancelled = 0;
    this.#long.clear();
  }

  #serve(id: number, method: MethodContract, timeoutMs: number, own: Metadata, message: Buffer): void {
    const { clock, draining, peer } = this.#env;
    const metadata = this.#metadataOf(own);
    const header = new Metadata();
    const trailer = new Metadata();
    const deadline = timeoutMs === 0 ? Infinity : clock.now() + timeoutMs;
    let request: object;
    try {
      request = method.request.decode(message);
    } catch (error) {
      this.#sendError(id, undecodable(error), trailer);
      return;
    }
    const call: Call = createServerCall(
      { method, metadata, deadline, request },
      { responseHeader: header, responseTrailer: trailer, draining, peer },
    );
    const served: ServedCall = { id, call, header, trailer, cancelled: false };
    this.#calls.add(id, served);
    // A caller that has cancelled waits for nothing: its place is free when the handler is done, and not before.
    call.onCancel((reason) => {
      if (!served.cancelled) this.#fail(served, reason);
    });
    this.#env.dispatch(call).then(
      (reply) => this.#answer(served, reply),
      (error: unknown) => this.#fail(served, error),
    );
  }

  /** What a call brings, with what its connection says: the latter is the caller's software, which no call says otherwise. */
  #metadataOf(own: Metadata): Metadata {
    const { metadata: shared } = this.#env;
    if (!hasEntries(own)) return shared.clone();
    for (const [key, value] of Object.entries(shared.getMap())) own.set(key, value);
    return own;
  }

  #answer(served: ServedCall, reply: Reply): void {
    if (!this.#calls.get(served.id)) return;
    const { call, id } = served;
    if (served.cancelled) return this.#fail(served, call.cancelReason);
    let answer: Answer;
    try {
      answer = answerOf(served, reply);
    } catch (error) {
      this.#fail(served, error);
      // Nobody will read the reply to its end.
      call.cancel(RpcError.from(error));
      return;
    }
    const { header, trailer, message } = answer;
    const { outbox } = this.#env;
    const ends = (rest: Uint8Array): void => {
      outbox.frames.reply(id, header, trailer, rest);
      this.#left(served);
    };
    if (message.length <= laneLimits.partBytes) return ends(message);
    this.#long.add(id, message, ends);
    outbox.due(this.#calls.size);
  }

  #fail(served: ServedCall, error: unknown): void {
    if (!this.#calls.get(served.id)) return;
    this.#long.remove(served.id);
    this.#sendError(served.id, error, served.trailer);
    this.#left(served);
  }

  #sendError(id: number, error: unknown, trailer: Metadata): void {
    const { code, details, metadata } = statusOf(error, trailer);
    this.#env.outbox.frames.error(id, code, details, answerPairs(metadata) ?? []);
    this.#env.outbox.written(this.#calls.size);
  }

  #left(served: ServedCall): void {
    this.#calls.take(served.id);
    if (served.cancelled) this.#cancelled--;
    this.#env.outbox.written(this.#calls.size);
    if (this.#calls.size === 0) this.#poll.expect();
    if (this.underWay === 0) this.#env.idle();
  }
}

/** An answer as it is sent. */
interface Answer {
  readonly header: MetadataPairs;
  readonly trailer: MetadataPairs;
  readonly message: Buffer;
}

/** @throws RpcError for what cannot be sent */
function answerOf(served: ServedCall, reply: Reply): Answer {
  if (reply.responseStream) throw wrongKind(reply);
  const message = encodedMessage(reply.response, served.call.method.response);
  const header = answerPairs(sendable(served.header));
  const trailer = answerPairs(sendable(served.trailer));
  if (!header || !trailer) throw tooMuchMetadata();
  return { header, trailer, message };
}

function tooMuchMetadata(): RpcError {
  const { maxAnswerMetadataPairs: pairs, maxAnswerMetadataBytes: bytes } = laneLimits;
  const reason = `the answer's header or trailer has more than ${pairs} values or ${bytes} bytes`;
  return new RpcError(Code.ResourceExhausted, reason);
}
