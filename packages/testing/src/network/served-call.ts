import { setImmediate } from "node:timers/promises";
import {
  Code,
  createServerCall,
  encodedMessage,
  errorTrailer,
  isRequestStream,
  Metadata,
  methodName,
  RpcError,
  sendable,
  sendableText,
  type Call,
  type MethodContract,
  type Reply,
} from "@rollcall/core";
import { tooLarge } from "./limits.js";
import type { Pipe } from "./pipe.js";
import type { Caller, Peer, ServerSide, Wire } from "./wire.js";

/** What a call says of itself in its headers. */
export interface SentCall {
  readonly method: MethodContract;
  readonly metadata: Metadata;
  readonly timeoutMs: number;
}

/** The server's end of one call over a `MemoryNetwork`: what arrives is dispatched, and the reply is sent. */
export class ServedCall implements ServerSide {
  readonly #caller: Caller;
  readonly #peer: Peer;
  readonly #network: Wire;
  readonly #path: string;
  readonly #responses: Pipe;
  readonly #header = new Metadata();
  readonly #trailer = new Metadata();
  #requests: Pipe | undefined;
  #call: Call | undefined;
  /** The whole answer, or the failure, has been sent: the first of reply, cancellation and deadline. */
  #done = false;

  constructor(
    caller: Caller,
    peer: Peer,
    network: Wire,
    sent: SentCall,
    request: Buffer | Pipe,
    responses: Pipe,
  ) {
    this.#caller = caller;
    this.#peer = peer;
    this.#network = network;
    this.#path = methodName(sent.method);
    this.#responses = responses;
    peer.began(this);
    // What the caller runs in is not sent with a call.
    peer.inItsContext(() => this.#receive(sent, request));
  }

  /** The caller has gone, or its deadline has passed: a server cannot tell one from the other. */
  cancelled(): void {
    if (this.#done) return;
    this.#call?.cancel(this.#cancelReason());
  }

  broken(): void {
    this.#caller.broken();
    this.cancelled();
  }

  #receive({ method: { path }, metadata, timeoutMs }: SentCall, request: Buffer | Pipe): void {
    const method = this.#peer.methods.get(path);
    if (!method)
      return this.#fail(new RpcError(Code.Unimplemented, `The server does not implement the method ${path}`));
    const message = Buffer.isBuffer(request)
      ? this.#decode(method, request)
      : this.#requestsOf(method, request);
    if (!message) return;
    const call = createServerCall(
      { method, metadata, deadline: this.#network.clock.now() + timeoutMs, request: message },
      {
        responseHeader: this.#header,
        responseTrailer: this.#trailer,
        draining: this.#peer.draining,
        peer: { address: this.#caller.address },
      },
    );
    this.#call = call;
    call.onCancel((reason) => {
      this.#requests?.close(reason);
      this.#fail(reason);
    });
    const send = (reply: Reply): void => {
      try {
        this.#send(method, reply);
      } catch (error) {
        this.#fail(RpcError.from(error));
        // Nobody will read the reply to its end.
        call.cancel(RpcError.from(error));
      }
    };
    this.#peer.dispatch(call).then(send, (error: unknown) => this.#fail(RpcError.from(error)));
  }

  #decode(method: MethodContract, request: Buffer): object | undefined {
    const excess = tooLarge(request, this.#path);
    if (excess) {
      this.#fail(excess);
      return undefined;
    }
    try {
      return method.request.decode(request);
    } catch (error) {
      this.#fail(new RpcError(Code.Internal, `Error deserializing request: ${(error as Error).message}`));
      return undefined;
    }
  }

  #requestsOf(method: MethodContract, requests: Pipe): AsyncIterable<object> {
    if (!isRequestStream(method)) throw new Error(`${this.#path} takes one request`);
    this.#requests = requests;
    let left = false;
    const next = async (): Promise<IteratorResult<object>> => {
      const bytes = left ? undefined : await requests.read();
      if (!bytes) return { done: true, value: undefined };
      const value = this.#decode(method, bytes);
      if (value) return { done: false, value };
      throw this.#cancelReason();
    };
    return {
      [Symbol.asyncIterator]: () => ({
        next,
        return: async () => {
          left = true;
          return { done: true, value: undefined };
        },
      }),
    };
  }

  #send(method: MethodContract, reply: Reply): void {
    if (this.#done) return;
    if (reply.responseStream !== (method.kind === "server_streaming" || method.kind === "bidi_streaming"))
      throw wrongKind(reply);
    if (reply.responseStream) {
      void this.#pump(method, reply.response).catch((error: unknown) => this.#fail(RpcError.from(error)));
      return;
    }
    const message = this.#encode(method, reply.response);
    this.#finish();
    const header = sendable(this.#header).clone();
    const trailer = sendable(this.#trailer).clone();
    this.#caller.carry(() => this.#caller.answered(header, message, trailer));
  }

  /** A reader that does not keep up holds the handler here. */
  async #pump(method: MethodContract, response: AsyncIterable<object>): Promise<void> {
    const messages = response[Symbol.asyncIterator]();
    const first = messages.next();
    // As over gRPC: a handler sets its headers as it begins, but the stream opens even if its first message takes a while.
    await Promise.race([first, setImmediate()]);
    const header = sendable(this.#header).clone();
    if (!this.#done) this.#caller.carry(() => this.#caller.opened(header));
    let result = await first;
    try {
      for (; !result.done; result = await messages.next()) {
        if (this.#done) return;
        await this.#responses.write(this.#encode(method, result.value));
      }
    } finally {
      if (!result.done) await messages.return?.();
    }
    if (this.#done) return;
    this.#finish();
    const trailer = sendable(this.#trailer).clone();
    this.#caller.carry(() => this.#caller.completed(trailer));
  }

  #encode(method: MethodContract, message: object): Buffer {
    try {
      return encodedMessage(message, method.response);
    } catch (error) {
      throw new RpcError(Code.Internal, "internal error", { cause: error });
    }
  }

  #fail(error: RpcError): void {
    if (this.#done) return;
    this.#finish();
    const trailer = errorTrailer(error, this.#trailer);
    const { code, reason, cause } = error;
    const sent = new RpcError(code, sendableText(reason), { path: this.#path, cause });
    this.#caller.carry(() => this.#caller.failed(sent, sendable(trailer)));
  }

  #finish(): void {
    this.#done = true;
    this.#responses.abandon();
    this.#peer.ended(this);
  }

  #cancelReason(): RpcError {
    const late = this.#call && this.#network.clock.now() >= this.#call.deadline;
    return late
      ? new RpcError(Code.DeadlineExceeded, "the deadline has passed", { path: this.#path })
      : new RpcError(Code.Cancelled, "the caller cancelled", { path: this.#path });
  }
}

function wrongKind(reply: Reply): RpcError {
  const what = reply.responseStream
    ? "a stream answered a unary call"
    : "one message answered a streaming call";
  return new RpcError(Code.Internal, what);
}
