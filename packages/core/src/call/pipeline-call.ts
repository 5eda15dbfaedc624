import type { Metadata } from "@grpc/grpc-js";
import type { MethodContract } from "../contract/contract.js";
import type { RpcError } from "../errors.js";
import type { Endpoint } from "../ports/endpoint.js";
import type { Route } from "../routing/route.js";
import type { Call, CallChange, Peer, ServerCallContext } from "./call.js";
import { Cancellation } from "./cancellation.js";
import { ReplayableStream } from "./replay.js";

interface Parts {
  readonly method: MethodContract;
  readonly metadata: Metadata;
  readonly deadline: number;
  readonly request: object | AsyncIterable<object>;
  readonly tried?: Endpoint[];
  readonly route?: Route | undefined;
}

/** What only a server's calls have. */
export interface ServerParts {
  readonly responseHeader: Metadata;
  readonly responseTrailer: Metadata;
  readonly draining: AbortSignal;
  readonly peer: Peer;
}

class PipelineCall {
  readonly method: MethodContract;
  readonly metadata: Metadata;
  readonly deadline: number;
  readonly requestStream: boolean;
  readonly request: object | AsyncIterable<object>;
  readonly attempts: Endpoint[];
  readonly tried: Endpoint[];
  readonly route: Route | undefined;
  claimRetry: (() => boolean) | undefined;
  readonly #cancellation: Cancellation;
  readonly #replayable: ReplayableStream | undefined;

  constructor(parts: Parts, from?: PipelineCall, replayable?: ReplayableStream) {
    this.method = parts.method;
    this.metadata = parts.metadata;
    this.deadline = parts.deadline;
    this.requestStream = isRequestStream(parts.method);
    this.#cancellation = from ? from.#cancellation : new Cancellation();
    this.attempts = from ? from.attempts : [];
    this.tried = parts.tried ?? [];
    this.route = parts.route;
    this.claimRetry = from?.claimRetry;
    this.#replayable = replayable;
    this.request = replayable ? replayable.read() : parts.request;
  }

  get signal(): AbortSignal {
    return this.#cancellation.signal;
  }

  get cancelReason(): RpcError | undefined {
    return this.#cancellation.reason;
  }

  onCancel(listener: (reason: RpcError) => void): () => void {
    return this.#cancellation.onCancel(listener);
  }

  cancel(reason: RpcError): void {
    this.#cancellation.cancel(reason);
  }

  with(change: CallChange): Call {
    const {
      metadata = this.metadata,
      deadline = this.deadline,
      request = this.request,
      tried = this.tried,
      route = this.route,
    } = change;
    return this.derive(
      { method: this.method, metadata, deadline, request, tried, route },
      change.request ? undefined : this.#replayable,
    );
  }

  replay(): Call | undefined {
    if (!this.requestStream) return asCall(this);
    // The first attempt reads through the buffer that a second one would start from.
    const replayable = this.#replayable ?? new ReplayableStream(this.request as AsyncIterable<object>);
    return replayable.replayable ? this.derive(this, replayable) : undefined;
  }

  protected derive(parts: Parts, replayable: ReplayableStream | undefined): Call {
    return asCall(new PipelineCall(parts, this, replayable));
  }
}

class ServerPipelineCall extends PipelineCall {
  readonly responseHeader: Metadata;
  readonly responseTrailer: Metadata;
  readonly draining: AbortSignal;
  readonly peer: Peer;

  constructor(parts: Parts, server: ServerParts, from?: PipelineCall, replayable?: ReplayableStream) {
    super(parts, from, replayable);
    this.responseHeader = server.responseHeader;
    this.responseTrailer = server.responseTrailer;
    this.draining = server.draining;
    this.peer = server.peer;
  }

  protected override derive(parts: Parts, replayable: ReplayableStream | undefined): Call {
    return asCall(new ServerPipelineCall(parts, this, this, replayable));
  }
}

/** A call as a client makes it. `request` is a message or a stream, as the method's kind says. */
export function createCall(parts: Parts): Call {
  return asCall(new PipelineCall(parts));
}

/** A call as a server receives it. */
export function createServerCall(parts: Parts, server: ServerParts): Call & ServerCallContext {
  return new ServerPipelineCall(parts, server) as unknown as Call & ServerCallContext;
}

/** Whether the client sends a stream. */
export function isRequestStream(method: MethodContract): boolean {
  return method.kind === "client_streaming" || method.kind === "bidi_streaming";
}

/** Whether the server answers with a stream. */
export function isResponseStream(method: MethodContract): boolean {
  return method.kind === "server_streaming" || method.kind === "bidi_streaming";
}

// The class cannot state that `requestStream` tells the type of `request`; its constructor sees to it.
function asCall(call: PipelineCall): Call {
  return call as unknown as Call;
}
