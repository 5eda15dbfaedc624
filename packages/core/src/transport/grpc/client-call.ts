import { Metadata, type StatusObject } from "@grpc/grpc-js";
import type { Call, End, Reply } from "../../call/call.js";
import { errorEnd, okEnd } from "../../call/end.js";
import { flow, iteratorOf, type Flow, type Sink } from "../../call/flow.js";
import { isResponseStream } from "../../call/pipeline-call.js";
import { Code } from "../../code.js";
import { EncodedMessage } from "../../contract/codec.js";
import { methodName } from "../../contract/contract.js";
import { RpcError } from "../../errors.js";
import type { BegunCall } from "./direct-call.js";
import { linkPath } from "../../link/link-protocol.js";
import { longestMessage } from "./message-frames.js";
import { RawMessages } from "./raw-messages.js";
import { resetStream, streamOf } from "./reset-stream.js";
import { rpcErrorOf } from "./status.js";
import type { Wire } from "./wire.js";

interface Reader {
  resolve(result: IteratorResult<object>): void;
  reject(error: RpcError): void;
}

/** One call over a channel. */
export class ClientCall {
  /** Resolves with the message of a unary answer, at the headers of a streaming one. */
  readonly reply: Promise<Reply>;
  readonly call: Call;
  readonly #wire: Wire;
  readonly #grpc: BegunCall;
  readonly #end = Promise.withResolvers<End>();
  readonly #reply = Promise.withResolvers<Reply>();
  #uncancel: () => void = () => {};
  #header: Metadata | undefined;
  /** Why we ended the call ourselves, if we did: grpc-js' own words for it are no use to anyone. */
  #local: RpcError | undefined;
  #ended: End | undefined;
  #message: object | undefined;
  /** A message that came before its reader: the first of a stream. */
  #unread: object | undefined;
  #reader: Reader | undefined;
  /** Of a link, once it is open. */
  #raw: RawMessages | undefined;

  /**
   * The server is told of the deadline; here the pipeline ends the call at it, and grpc-js' timer would be a second one.
   * @param timeoutMs until the deadline
   */
  constructor(wire: Wire, call: Call, timeoutMs: number) {
    this.call = call;
    this.reply = this.#reply.promise;
    this.#wire = wire;
    this.#grpc = wire.begin(call, timeoutMs, {
      onReceiveMetadata: (metadata) => this.#receivedHeader(metadata),
      onReceiveMessage: (bytes: Buffer) => this.#receivedMessage(bytes),
      onReceiveStatus: (status) => this.#receivedStatus(status),
    });
    this.#uncancel = call.onCancel((reason) => this.abort(reason));
    if (this.#ended) return;
    if (!call.requestStream) this.#sendOnly(call.request);
    else void this.#sendAll(call.request);
    // Of a stream too: until the first is asked for, grpc-js would take all that comes and keep it.
    this.#grpc.startRead();
  }

  /** Whether `reply` has settled. */
  get replied(): boolean {
    return this.#ended !== undefined || (this.#header !== undefined && isResponseStream(this.call.method));
  }

  /** How it ended; never rejects. */
  get end(): Promise<End> {
    return this.#end.promise;
  }

  #sendOnly(request: object): void {
    const bytes = this.#encode(request);
    if (!bytes) return;
    this.#grpc.sendMessageWithContext({}, bytes);
    this.#grpc.halfClose();
  }

  /** One message at a time: the next is taken from the caller when the transport has accepted the last. */
  async #sendAll(requests: AsyncIterable<object>): Promise<void> {
    try {
      await flow(requests, this.#sendNext);
      if (!this.#ended) this.#grpc.halfClose();
    } catch (error) {
      this.abort(
        new RpcError(Code.Cancelled, "the request stream failed", { path: this.path, cause: error }),
      );
    }
  }

  readonly #sendNext: Sink<object> = (request) => {
    if (this.#raw && !this.#ended && request instanceof EncodedMessage) return this.#raw.write(request);
    const bytes = this.#ended ? undefined : this.#encode(request);
    if (!bytes) throw sentEnough();
    if (this.#raw) return this.#raw.write(new EncodedMessage([bytes]));
    const written = Promise.withResolvers<void>();
    this.#grpc.sendMessageWithContext({ callback: () => written.resolve() }, bytes);
    return Promise.race([written.promise, this.#end.promise]).then(() => {
      // The next is not asked for.
      if (this.#ended) throw sentEnough();
    });
  };

  #encode(message: object): Buffer | undefined {
    try {
      return this.call.method.request.encode(message);
    } catch (error) {
      const options = { path: this.path, cause: error, processed: "no" } as const;
      this.abort(new RpcError(Code.Internal, `the request cannot be serialised: ${textOf(error)}`, options));
      return undefined;
    }
  }

  #receivedHeader(metadata: Metadata): void {
    this.#header = metadata;
    this.#wire.answered(this.#grpc);
    // The stream has shown nothing of what comes after its headers.
    const stream = this.call.method.path === linkPath ? streamOf(this.#grpc) : undefined;
    if (stream) this.#raw = new RawMessages(stream, longestMessage, (error) => this.abort(error));
    if (isResponseStream(this.call.method)) this.#openStream(metadata);
  }

  #decode(bytes: Buffer): object | undefined {
    try {
      return this.call.method.response.decode(bytes);
    } catch (error) {
      const options = { path: this.path, cause: error, processed: "yes" } as const;
      this.abort(new RpcError(Code.Internal, `the response cannot be read: ${textOf(error)}`, options));
      return undefined;
    }
  }

  #receivedMessage(bytes: Buffer): void {
    const message = this.#decode(bytes);
    if (!message) return;
    if (!isResponseStream(this.call.method)) {
      if (this.#message) return this.abort(this.#protocolError("more than one response to a unary call"));
      this.#message = message;
      // grpc-js holds the status back behind a second message until somebody asks for that.
      this.#grpc.startRead();
      return;
    }
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) reader.resolve({ done: false, value: message });
    else this.#unread = message;
  }

  #receivedStatus(status: StatusObject): void {
    const path = this.path;
    const failed =
      this.#local ??
      (status.code === Code.Ok ? undefined : rpcErrorOf(status, this.#header !== undefined, path));
    if (isResponseStream(this.call.method)) {
      // Trailers alone are headers and end in one.
      if (!failed && !this.#header) this.#openStream(new Metadata());
      this.#settle(failed ? errorEnd(failed) : okEnd(status.metadata));
      return;
    }
    const error = failed ?? (this.#message ? undefined : this.#protocolError("no response to a unary call"));
    this.#settle(error ? errorEnd(error) : okEnd(status.metadata));
    if (error || !this.#message) return;
    const header = this.#header ?? new Metadata();
    this.#reply.resolve({ header, end: this.#end.promise, responseStream: false, response: this.#message });
  }

  #settle(end: End): void {
    if (this.#ended) return;
    this.#ended = end;
    this.#uncancel();
    this.#raw?.end();
    const reader = this.#reader;
    this.#reader = undefined;
    if (end.error) {
      this.#reply.reject(end.error);
      reader?.reject(end.error);
    } else {
      reader?.resolve({ done: true, value: undefined });
    }
    this.#end.resolve(end);
  }

  #openStream(header: Metadata): void {
    const response = this.#raw ? this.#rawResponse(this.#raw) : this.#response();
    this.#reply.resolve({ header, end: this.#end.promise, responseStream: true, response });
  }

  /** Asks for the next message only when the reader does, so a slow reader holds a fast writer. */
  #read(): Promise<IteratorResult<object>> {
    const unread = this.#unread;
    this.#unread = undefined;
    if (unread) return Promise.resolve({ done: false, value: unread });
    if (this.#ended?.error) return Promise.reject(this.#ended.error);
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
      this.#grpc.startRead();
    });
  }

  #response(): AsyncIterable<object> {
    return { [Symbol.asyncIterator]: () => ({ next: () => this.#read(), return: () => this.#leave() }) };
  }

  #rawResponse(raw: RawMessages): Flow<object> {
    const flowInto = async (sink: Sink<object>): Promise<void> => {
      await raw.flowInto((bytes) => {
        const message = this.#decode(bytes);
        return message && sink(message);
      });
      const { error } = await this.#end.promise;
      if (error) throw error;
    };
    return {
      flowInto,
      [Symbol.asyncIterator]: () => iteratorOf(flowInto, () => void this.#leave()),
    };
  }

  #leave(): Promise<IteratorResult<object>> {
    this.#unread = undefined;
    if (!this.#ended)
      this.abort(new RpcError(Code.Cancelled, "the response stream was left", { path: this.path }));
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Ends the call for both sides, if it has not ended. */
  abort(reason: RpcError): void {
    if (this.#ended) return;
    this.#local ??= reason;
    if (this.call.requestStream) resetStream(this.#grpc);
    this.#grpc.cancelWithStatus(reason.code, reason.reason);
    this.#settle(errorEnd(this.#local));
  }

  #protocolError(reason: string): RpcError {
    return new RpcError(Code.Internal, reason, { path: this.path, processed: "yes" });
  }

  get path(): string {
    return methodName(this.call.method);
  }
}

/** Nobody hears of it: why the call has ended is known already. */
function sentEnough(): Error {
  return new Error("the call has ended");
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
