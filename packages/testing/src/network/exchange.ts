import {
  Code,
  errorEnd,
  methodName,
  okEnd,
  RpcError,
  type Call,
  type End,
  type Metadata,
  type Reply,
} from "@rollcall/core";
import { received, tooLarge, tooManyPairs } from "./limits.js";
import { Pipe, type Carry } from "./pipe.js";
import { ServedCall } from "./served-call.js";
import type { Caller, Peer, Wire } from "./wire.js";

/** The client's end of one call over a `MemoryNetwork`: what the gRPC transport does by HTTP/2, done by passing bytes. */
export class Exchange implements Caller {
  /** Resolves with the message of a unary answer, at the headers of a streaming one. */
  readonly reply: Promise<Reply>;
  /** How it ended; never rejects. */
  readonly end: Promise<End>;
  readonly carry: Carry;
  readonly peer: Peer;
  readonly address: string;
  readonly #network: Wire;
  readonly call: Call;
  readonly #reply = Promise.withResolvers<Reply>();
  readonly #end = Promise.withResolvers<End>();
  readonly #requests: Pipe;
  readonly #responses: Pipe;
  #uncancel: () => void = () => {};
  #over = false;
  #opened = false;
  #broken = false;
  #served: ServedCall | undefined;
  /** Of a stream that ended well: how, once its last message has been read. */
  #trailer: Metadata | undefined;

  constructor(network: Wire, peer: Peer, address: string, call: Call) {
    this.#network = network;
    this.peer = peer;
    this.address = address;
    this.call = call;
    this.reply = this.#reply.promise;
    this.end = this.#end.promise;
    this.carry = (arrive) => {
      const unlessBroken = (): void => {
        if (!this.#broken) arrive();
      };
      network.after(network.latencyMs, () => network.deliver(peer.address, unlessBroken));
    };
    this.#requests = new Pipe(this.carry);
    this.#responses = new Pipe(this.carry);
    this.reply.catch(() => {});
    this.#uncancel = call.onCancel((reason) => this.abort(reason));
    if (!this.#over) this.#send();
  }

  /** Whether `reply` has settled. */
  get replied(): boolean {
    return this.#over || this.#opened;
  }

  /** The connection broke: whether the server ran the call, nobody can tell. */
  broken(): void {
    if (this.#broken) return;
    this.#broken = true;
    const options = { path: this.path, processed: "unknown" } as const;
    this.#fail(new RpcError(Code.Unavailable, "connection dropped", options));
    this.#served?.cancelled();
  }

  refused(): void {
    const options = { path: this.path, processed: "no" } as const;
    this.#fail(new RpcError(Code.Unavailable, "stream refused by server", options));
  }

  answered(header: Metadata, message: Buffer, trailer: Metadata): void {
    if (this.#over) return;
    const response = this.#decode(message);
    if (!response) return;
    this.#reply.resolve({ header: received(header), end: this.end, responseStream: false, response });
    this.#settle(okEnd(received(trailer)));
  }

  opened(header: Metadata): void {
    this.#opened = true;
    const response = {
      [Symbol.asyncIterator]: () => ({ next: () => this.#read(), return: () => this.#leave() }),
    };
    this.#reply.resolve({ header: received(header), end: this.end, responseStream: true, response });
  }

  completed(trailer: Metadata): void {
    this.#trailer = received(trailer);
    this.#responses.close();
  }

  /** An error as it looks after crossing the wire: code, words and trailers. */
  failed({ code, reason, cause }: RpcError, trailer: Metadata): void {
    this.#fail(
      new RpcError(code, reason, {
        path: this.path,
        origin: "remote",
        trailer: received(trailer),
        cause: this.#network.revealCauses ? cause : undefined,
      }),
    );
  }

  #send(): void {
    const { metadata, deadline } = this.call;
    const timeoutMs = deadline - this.#network.clock.now();
    if (timeoutMs <= 0)
      return this.abort(new RpcError(Code.DeadlineExceeded, "the deadline has passed", { path: this.path }));
    const excess = tooManyPairs(metadata, this.path);
    if (excess) return this.carry(() => this.#fail(excess));
    const first = this.call.requestStream ? undefined : this.#encode(this.call.request);
    if (this.#over) return;
    const sent = { method: this.call.method, metadata: received(metadata), timeoutMs };
    this.carry(() => {
      if (!this.peer.accepting) return this.carry(() => this.refused());
      this.#served = new ServedCall(
        this,
        this.peer,
        this.#network,
        sent,
        first ?? this.#requests,
        this.#responses,
      );
    });
    if (this.call.requestStream) void this.#sendAll(this.call.request);
  }

  /** The next is taken from the caller when there is room for it, so a slow handler holds a fast caller. */
  async #sendAll(requests: AsyncIterable<object>): Promise<void> {
    try {
      for await (const request of requests) {
        if (this.#over) return;
        const bytes = this.#encode(request);
        if (!bytes) return;
        await this.#requests.write(bytes);
        if (this.#over) return;
      }
      if (!this.#over) this.#requests.end();
    } catch (error) {
      const options = { path: this.path, cause: error };
      this.abort(new RpcError(Code.Cancelled, "the request stream failed", options));
    }
  }

  #encode(message: object): Buffer | undefined {
    try {
      return this.call.method.request.encode(message);
    } catch (error) {
      const options = { path: this.path, cause: error, processed: "no" } as const;
      this.abort(new RpcError(Code.Internal, `the request cannot be serialised: ${textOf(error)}`, options));
      return undefined;
    }
  }

  #decode(message: Buffer): object | undefined {
    const excess = tooLarge(message, this.path);
    if (excess) {
      this.abort(excess);
      return undefined;
    }
    try {
      return this.call.method.response.decode(message);
    } catch (error) {
      const options = { path: this.path, cause: error, processed: "yes" } as const;
      this.abort(new RpcError(Code.Internal, `the response cannot be read: ${textOf(error)}`, options));
      return undefined;
    }
  }

  async #read(): Promise<IteratorResult<object>> {
    if (!this.#over) {
      const message = await this.#responses.read();
      const value = message && this.#decode(message);
      if (value) return { done: false, value };
      if (!message) this.#settle(okEnd(this.#trailer));
    }
    const { error } = await this.end;
    if (error) throw error;
    return { done: true, value: undefined };
  }

  #leave(): Promise<IteratorResult<object>> {
    this.abort(new RpcError(Code.Cancelled, "the response stream was left", { path: this.path }));
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Ends the call for both sides, if it has not ended. */
  abort(reason: RpcError): void {
    if (this.#over) return;
    this.#fail(reason);
    this.carry(() => this.#served?.cancelled());
  }

  #fail(error: RpcError): void {
    if (this.#over) return;
    this.#reply.reject(error);
    this.#settle(errorEnd(error));
    this.#responses.close(error);
  }

  #settle(end: End): void {
    if (this.#over) return;
    this.#over = true;
    this.#uncancel();
    this.#end.resolve(end);
    this.#requests.abandon();
  }

  get path(): string {
    return methodName(this.call.method);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
