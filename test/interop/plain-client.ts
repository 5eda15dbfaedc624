import type { EventEmitter } from "node:events";
import {
  Client,
  Metadata,
  status,
  type ChannelCredentials,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  type ServiceError,
  type StatusObject,
} from "@grpc/grpc-js";
import { interopClient, type Conversation, type InteropClient, type StartOptions } from "./conversation.js";
import { methodOf, type Method } from "./plain-proto.js";

/** grpc-js and proto-loader alone, as an interop client. */
export function plainClient(address: string, credentials: ChannelCredentials): InteropClient {
  const client = new Client(address, credentials, { "grpc.enable_http_proxy": 0 });
  return interopClient(
    (service, method, options) => new PlainConversation(client, methodOf(service, method), options),
    async () => client.close(),
  );
}

type AnyCall = ClientUnaryCall | ClientWritableStream<object> | ResponseStream;
type ResponseStream = ClientReadableStream<object> | ClientDuplexStream<object, object>;

class PlainConversation implements Conversation<object, object> {
  header: Metadata | undefined;
  readonly #client: Client;
  readonly #method: Method;
  readonly #options: StartOptions;
  readonly #status = Promise.withResolvers<StatusObject>();
  readonly #response = Promise.withResolvers<object | undefined>();
  #call: AnyCall | undefined;
  #deadline = Infinity;
  #iterator: AsyncIterator<object> | undefined;

  constructor(client: Client, method: Method, options: StartOptions = {}) {
    this.#client = client;
    this.#method = method;
    this.#options = options;
    if (method.requestStream) this.#begin();
  }

  send(request: object): void {
    if (!this.#method.requestStream) return this.#begin(request);
    (this.#call as ClientWritableStream<object>).write(request);
  }

  closeSend(): void {
    (this.#call as ClientWritableStream<object>).end();
  }

  async receive(): Promise<object | undefined> {
    if (!this.#method.responseStream) return await this.#response.promise;
    this.#iterator ??= (this.#call as ResponseStream)[Symbol.asyncIterator]() as AsyncIterator<object>;
    try {
      const { done, value } = await this.#iterator.next();
      return done ? undefined : value;
    } catch {
      // What went wrong is in the status.
      return undefined;
    }
  }

  cancel(): void {
    this.#call?.cancel();
  }

  async status(): Promise<{ code: number; message: string; trailer: Metadata }> {
    while (this.#method.responseStream && (await this.receive()));
    const { code, details, metadata } = await this.#status.promise;
    // A server whose clock ends the call first can only reset its stream: as grpc-java reads that, and grpc-js does not.
    const late = code === status.CANCELLED && details === "Call cancelled" && Date.now() >= this.#deadline;
    return { code: late ? status.DEADLINE_EXCEEDED : code, message: details, trailer: metadata };
  }

  #begin(request: object = {}): void {
    const { path, requestStream, responseStream, requestSerialize, responseDeserialize } = this.#method;
    const { metadata = new Metadata(), timeoutMs = 10_000 } = this.#options;
    const common = [path, requestSerialize, responseDeserialize] as const;
    this.#deadline = Date.now() + timeoutMs;
    const options = { deadline: this.#deadline };
    let taken = false;
    const answered = (_: ServiceError | null, response?: object): void => {
      this.#response.resolve(taken ? undefined : response);
      taken = true;
    };
    const client = this.#client;
    if (requestStream) {
      this.#call = responseStream
        ? client.makeBidiStreamRequest(...common, metadata, options)
        : client.makeClientStreamRequest(...common, metadata, options, answered);
    } else {
      this.#call = responseStream
        ? client.makeServerStreamRequest(...common, request, metadata, options)
        : client.makeUnaryRequest(...common, request, metadata, options, answered);
    }
    const events: EventEmitter = this.#call;
    events.on("metadata", (received: Metadata) => (this.header = received));
    events.on("error", () => {});
    events.on("status", (status: StatusObject) => this.#status.resolve(status));
  }
}
