import {
  Code,
  createServerCall,
  errorEnd,
  isRequestStream,
  mapStream,
  Metadata,
  methodName,
  okEnd,
  RpcError,
  type Call,
  type End,
  type MethodContract,
  type Reply,
} from "@rollcall/core";
import type { Peer, ServerSide, Wire } from "./wire.js";

/** One call over a `MemoryNetwork`: what the gRPC transport does by HTTP/2, done by passing bytes. */
export class Exchange implements ServerSide {
  readonly reply: Promise<Reply>;
  readonly end: Promise<End>;
  readonly #network: Wire;
  readonly #peer: Peer;
  readonly #call: Call;
  readonly #reply = Promise.withResolvers<Reply>();
  readonly #end = Promise.withResolvers<End>();
  readonly #uncancel: () => void;
  #server: Call | undefined;
  #over = false;
  #interrupt = Promise.withResolvers<never>();

  constructor(network: Wire, peer: Peer, call: Call) {
    this.#network = network;
    this.#peer = peer;
    this.#call = call;
    this.reply = this.#reply.promise;
    this.end = this.#end.promise;
    this.reply.catch(() => {});
    this.#interrupt.promise.catch(() => {});
    this.#uncancel = call.onCancel((reason) => this.#cancelled(reason));
    if (!this.#over) this.#send();
  }

  /** The connection broke: whether the server ran the call, nobody can tell. */
  broken(): void {
    this.#fail(
      new RpcError(Code.Unavailable, "connection dropped", { path: this.#path, processed: "unknown" }),
    );
    this.#server?.cancel(new RpcError(Code.Cancelled, "the connection was lost", { path: this.#path }));
    this.#peer.ended(this);
  }

  #send(): void {
    const { method, metadata, requestStream } = this.#call;
    let request: Buffer | undefined;
    try {
      request = requestStream ? undefined : method.request.encode(this.#call.request);
    } catch (error) {
      const options = { path: this.#path, processed: "no", cause: error } as const;
      return this.#fail(new RpcError(Code.Internal, "the request cannot be serialised", options));
    }
    const sent = metadata.clone();
    this.#later(() => this.#peer.deliver(() => this.#arrived(sent, request)));
  }

  #arrived(metadata: Metadata, request: Buffer | undefined): void {
    if (this.#over) return;
    const { path } = this.#call.method;
    if (!this.#peer.accepting) {
      const options = { path: this.#path, processed: "no" } as const;
      return this.#fail(new RpcError(Code.Unavailable, "stream refused by server", options));
    }
    const method = this.#peer.methods.get(path);
    if (!method)
      return this.#answerError(new RpcError(Code.Unimplemented, `no method ${path}`, { path: this.#path }));
    const responseHeader = new Metadata();
    const responseTrailer = new Metadata();
    let message: object;
    try {
      message = request ? method.request.decode(request) : this.#requests(method);
    } catch {
      return this.#answerError(
        new RpcError(Code.Internal, "error deserializing request", { path: this.#path }),
      );
    }
    const server = createServerCall(
      { method, metadata, deadline: this.#call.deadline, request: message },
      { responseHeader, responseTrailer, draining: this.#peer.draining, peer: { address: "memory" } },
    );
    this.#server = server;
    this.#peer.began(this);
    // What cancels the call on the server (its deadline, the end of the grace period) is its answer.
    server.onCancel((reason) => this.#answerError(reason));
    this.#peer.dispatch(server).then(
      (reply) => this.#answer(method, reply, responseHeader, responseTrailer),
      (error: unknown) => this.#answerError(RpcError.from(error), responseTrailer),
    );
  }

  #requests(method: MethodContract): AsyncIterable<object> {
    if (!isRequestStream(this.#call.method) || !this.#call.requestStream) throw new Error("not a stream");
    const { encode } = this.#call.method.request;
    return mapStream(this.#call.request, {
      value: (message: object) => method.request.decode(encode(message)),
    });
  }

  #answer(method: MethodContract, reply: Reply, header: Metadata, trailer: Metadata): void {
    if (!reply.responseStream) {
      let bytes: Buffer;
      try {
        bytes = method.response.encode(reply.response);
      } catch {
        return this.#answerError(
          new RpcError(Code.Internal, "error serializing response", { path: this.#path }),
        );
      }
      return this.#back(() => {
        const response = this.#call.method.response.decode(bytes);
        this.#reply.resolve({ header: header.clone(), end: this.end, responseStream: false, response });
        this.#settle(okEnd(trailer.clone()));
      });
    }
    const response = this.#responses(method, reply.response, trailer);
    this.#back(
      () => this.#reply.resolve({ header: header.clone(), end: this.end, responseStream: true, response }),
      false,
    );
  }

  /** Lazy: the server makes the next message when the client asks for it. */
  #responses(
    method: MethodContract,
    source: AsyncIterable<object>,
    trailer: Metadata,
  ): AsyncIterable<object> {
    const iterator = source[Symbol.asyncIterator]();
    const next = async (): Promise<IteratorResult<object>> => {
      if (this.#over) return this.#ended();
      try {
        const result = await Promise.race([iterator.next(), this.#interrupt.promise]);
        if (this.#over) return await this.#ended();
        if (!result.done) {
          const bytes = method.response.encode(result.value);
          await this.#transit();
          if (this.#over) return await this.#ended();
          return { done: false, value: this.#call.method.response.decode(bytes) };
        }
        await this.#transit();
        this.#settle(okEnd(trailer.clone()));
        this.#peer.ended(this);
        return { done: true, value: undefined };
      } catch (error) {
        if (!this.#over) {
          await this.#transit();
          this.#answerNow(RpcError.from(error), trailer);
        }
        return await this.#ended();
      }
    };
    const leave = async (): Promise<IteratorResult<object>> => {
      this.#cancelled(new RpcError(Code.Cancelled, "the response stream was left", { path: this.#path }));
      return { done: true, value: undefined };
    };
    void this.end.then(() => void iterator.return?.()?.catch(() => {}));
    return { [Symbol.asyncIterator]: () => ({ next, return: leave }) };
  }

  async #ended(): Promise<IteratorResult<object>> {
    const { error } = await this.end;
    if (error) throw error;
    return { done: true, value: undefined };
  }

  #answerError(error: RpcError, trailer?: Metadata): void {
    this.#back(() => this.#answerNow(error, trailer));
  }

  /** An error as it looks after crossing the wire: code, words and trailers, nothing else. */
  #answerNow({ code, reason, trailer: own }: RpcError, trailer = new Metadata()): void {
    const received = trailer.clone();
    received.merge(own);
    this.#fail(new RpcError(code, reason, { path: this.#path, origin: "remote", trailer: received }));
    this.#peer.ended(this);
  }

  #back(arrive: () => void, last = true): void {
    this.#later(() =>
      this.#peer.deliver(() => {
        if (last) this.#peer.ended(this);
        if (!this.#over) arrive();
      }),
    );
  }

  #later(then: () => void): void {
    if (this.#network.latencyMs === 0) queueMicrotask(then);
    else this.#network.clock.timer(this.#network.latencyMs, then);
  }

  #transit(): Promise<void> {
    return new Promise((resolve) => this.#later(() => this.#peer.deliver(resolve)));
  }

  #cancelled(reason: RpcError): void {
    if (this.#over) return;
    this.#fail(reason);
    const cancel = (): void => {
      this.#server?.cancel(new RpcError(Code.Cancelled, "the caller cancelled", { path: this.#path }));
      this.#peer.ended(this);
    };
    this.#later(() => this.#peer.deliver(cancel));
  }

  #fail(error: RpcError): void {
    this.#reply.reject(error);
    this.#settle(errorEnd(error));
  }

  #settle(end: End): void {
    if (this.#over) return;
    this.#over = true;
    this.#uncancel();
    this.#end.resolve(end);
    if (end.error) this.#interrupt.reject(end.error);
  }

  get #path(): string {
    return methodName(this.#call.method);
  }
}
