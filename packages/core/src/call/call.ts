import type { Metadata } from "@grpc/grpc-js";
import type { Code } from "../code.js";
import type { MethodContract } from "../contract/contract.js";
import type { RpcError } from "../errors.js";
import type { Endpoint } from "../ports/endpoint.js";
import type { Route } from "../routing/route.js";

/** What is known of a call wherever it is handled. */
export interface CallContext {
  readonly method: MethodContract;
  readonly metadata: Metadata;
  /** Absolute, in milliseconds of the Clock; `Infinity` for none. */
  readonly deadline: number;
  /** Aborts when the call is cancelled or its deadline passes; the reason is an `RpcError`. Made on first read. */
  readonly signal: AbortSignal;
  /** Why the call was cancelled, if it was. */
  readonly cancelReason: RpcError | undefined;
  /** As `signal`, without the cost of making one. Called at once when the call is already cancelled. Returns its removal. */
  onCancel(listener: (reason: RpcError) => void): () => void;
}

/** Who called. */
export interface Peer {
  /** `host:port` as the transport sees it. */
  readonly address: string;
  /**
   * Who the caller has proved to be by a certificate (mutual TLS): its URI, a SPIFFE id, if it has exactly one; without
   * any, its first DNS name. Undefined for callers that have proved nothing.
   */
  readonly identity?: string | undefined;
}

/** What a handler gets beside its request. */
export interface ServerCallContext extends CallContext {
  /** Sent before the response; by a streaming handler, as soon as it first waits. */
  readonly responseHeader: Metadata;
  /** Sent with the status. */
  readonly responseTrailer: Metadata;
  /**
   * Aborts when this server begins to drain. A long stream ends itself with `throw ctx.draining.reason`
   * (or `ctx.draining.throwIfAborted()`): Rollcall callers then open it again elsewhere.
   */
  readonly draining: AbortSignal;
  readonly peer: Peer;
}

/** A call with one request message. */
export interface UnaryRequest {
  readonly requestStream: false;
  readonly request: object;
}
/** A call whose request is a stream of messages, read once. */
export interface StreamRequest {
  readonly requestStream: true;
  readonly request: AsyncIterable<object>;
}
/** A reply of one message. */
export interface UnaryResponse {
  readonly responseStream: false;
  readonly response: object;
}
/** Lazy and single-use. Leaving the loop early cancels the call. */
export interface StreamResponse {
  readonly responseStream: true;
  readonly response: AsyncIterable<object>;
}

/** What differs in a call derived by `with`. */
export interface CallChange {
  readonly metadata?: Metadata;
  readonly deadline?: number;
  readonly request?: object | AsyncIterable<object>;
  readonly tried?: Endpoint[];
  readonly route?: Route;
}

/** A call on its way through the pipeline: the same on both sides. `with` derives a changed one. */
export type Call = CallContext &
  (UnaryRequest | StreamRequest) & {
    with(change: CallChange): Call;
    /** This call for another attempt, or `undefined` once its request stream has outgrown the replay buffer. */
    replay(): Call | undefined;
    /** Cancels the call and all derived from it, once; the reason becomes its error. */
    cancel(reason: RpcError): void;
    /** On the client: the endpoints it was sent to so far, one entry per attempt, newest last; all derived calls share it. Empty on a server. */
    readonly attempts: Endpoint[];
    /** Those of them that the next pick avoids. */
    readonly tried: Endpoint[];
    /**
     * On the client: whether this attempt would be repeated, though it may have run, if it were given up now. If so, that
     * repetition is taken out of the budget: true is to be followed by giving it up. Undefined where nothing is repeated.
     */
    claimRetry: (() => boolean) | undefined;
    /** On the client, once it is routed: where a rule or a lane sends it. Undefined for the service's stable instances. */
    readonly route: Route | undefined;
  };

/** How a call ended. */
export interface End {
  readonly code: Code;
  /** Present when `code` is not `Ok`. */
  readonly error: RpcError | undefined;
  readonly trailer: Metadata;
}

/** An answer under way: a unary one has its message, a streaming one its headers. */
export type Reply = {
  readonly header: Metadata;
  /**
   * Settles once, when the last message is out, and never rejects. A call is in flight until then: one that is answered by
   * one message until it has its reply.
   */
  readonly end: Promise<End>;
} & (UnaryResponse | StreamResponse);

/** Answers a call; rejects with an `RpcError` when there is nothing to answer with. */
export type Handler = (call: Call) => Promise<Reply>;

/** Wraps a handler. In an array, the first is outermost, on both sides. */
export type Interceptor = (next: Handler) => Handler;
