import { createClient, RpcError, staticRegistry, type CallOptions, type Transport } from "@rollcall/app";
import { Metadata } from "@rollcall/core";
import { interopClient, type Conversation, type InteropClient, type Status } from "./conversation.js";
import { TestService, UnimplementedService } from "./gen/grpc/testing/test.js";
import { RequestQueue } from "./request-queue.js";

type Invoke = (request: object, options: CallOptions) => Promise<object> | AsyncIterable<object>;

/** `createClient` with a static registry, as an interop client. */
export function rollcallClient(address: string, transport: Transport): InteropClient {
  const registry = staticRegistry({ [TestService.name]: [address], [UnimplementedService.name]: [address] });
  const contracts = { TestService, UnimplementedService };
  const clients = {
    TestService: createClient(TestService, { registry, transport }),
    UnimplementedService: createClient(UnimplementedService, { registry, transport }),
  };
  return interopClient(
    (service, method, options = {}) => {
      const invoke = (clients[service] as unknown as Record<string, Invoke>)[method]!;
      const { kind } = (contracts[service].methods as Record<string, { kind: string }>)[method]!;
      const streams = kind === "client_streaming" || kind === "bidi_streaming";
      return conversation(invoke, streams, options);
    },
    async () => {
      await Promise.all(Object.values(clients).map((client) => client[Symbol.asyncDispose]()));
    },
  );
}

function conversation(
  invoke: Invoke,
  streamsRequests: boolean,
  options: CallOptions,
): Conversation<object, object> {
  const cancelling = new AbortController();
  const queue = new RequestQueue<object>();
  let header: Metadata | undefined;
  let trailer = new Metadata();
  let status: Status | undefined;
  let responses: AsyncIterator<object> | undefined;
  const begin = (request: object): void => {
    const answer = invoke(request, {
      ...options,
      signal: cancelling.signal,
      onHeader: (received) => (header = received),
      onTrailer: (received) => (trailer = received),
    });
    responses = Symbol.asyncIterator in answer ? answer[Symbol.asyncIterator]() : only(answer);
  };
  if (streamsRequests) begin(queue);
  const receive = async (): Promise<object | undefined> => {
    try {
      const next = await responses?.next();
      if (next && !next.done) return next.value;
      status ??= { code: 0, message: "", trailer };
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      status ??= { code: error.code, message: error.reason, trailer };
    }
    return undefined;
  };
  return {
    send: (request) => (streamsRequests ? queue.push(request) : begin(request)),
    closeSend: () => queue.end(),
    receive,
    cancel: () => cancelling.abort(),
    get header() {
      return header;
    },
    async status() {
      while (!status) await receive();
      return status;
    },
  };
}

function only(answer: Promise<object>): AsyncIterator<object> {
  // Who asks later than it fails is told then.
  answer.catch(() => {});
  let taken = false;
  return {
    async next() {
      if (taken) return { done: true, value: undefined };
      const value = await answer;
      taken = true;
      return { done: false, value };
    },
  };
}
