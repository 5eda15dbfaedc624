import type { Metadata } from "@rollcall/core";
import type { EmptyInit, Empty } from "./gen/grpc/testing/empty.js";
import type {
  SimpleRequestInit,
  SimpleResponse,
  StreamingInputCallRequestInit,
  StreamingInputCallResponse,
  StreamingOutputCallRequestInit,
  StreamingOutputCallResponse,
} from "./gen/grpc/testing/messages.js";

export interface StartOptions {
  readonly metadata?: Metadata;
  readonly timeoutMs?: number;
}

/** How a call ended. */
export interface Status {
  readonly code: number;
  readonly message: string;
  readonly trailer: Metadata;
}

/** One call as the interop cases speak of it, whatever its kind and whoever makes it. */
export interface Conversation<Request, Response> {
  /** A method that takes one request begins with it. */
  send(request: Request): void;
  /** No more requests. */
  closeSend(): void;
  /** The next response; undefined when the call has ended, well or not. */
  receive(): Promise<Response | undefined>;
  cancel(): void;
  /** Once a response has come. */
  readonly header: Metadata | undefined;
  /** Reads what is left. */
  status(): Promise<Status>;
}

/** Starts a call of a method by its name in the generated contract. */
export type Start = (
  service: "TestService" | "UnimplementedService",
  method: string,
  options?: StartOptions,
) => Conversation<any, any>;

type Streaming = Conversation<StreamingOutputCallRequestInit, StreamingOutputCallResponse>;

/** A client under test, or one that tests a server: both run the same cases. */
export interface InteropClient extends AsyncDisposable {
  emptyCall(): Conversation<EmptyInit, Empty>;
  unaryCall(options?: StartOptions): Conversation<SimpleRequestInit, SimpleResponse>;
  streamingInputCall(): Conversation<StreamingInputCallRequestInit, StreamingInputCallResponse>;
  streamingOutputCall(): Streaming;
  fullDuplexCall(options?: StartOptions): Streaming;
  unimplementedMethod(): Conversation<EmptyInit, Empty>;
  unimplementedService(): Conversation<EmptyInit, Empty>;
}

export function interopClient(start: Start, close: () => Promise<void>): InteropClient {
  return {
    emptyCall: () => start("TestService", "emptyCall"),
    unaryCall: (options) => start("TestService", "unaryCall", options),
    streamingInputCall: () => start("TestService", "streamingInputCall"),
    streamingOutputCall: () => start("TestService", "streamingOutputCall"),
    fullDuplexCall: (options) => start("TestService", "fullDuplexCall", options),
    unimplementedMethod: () => start("TestService", "unimplementedCall"),
    unimplementedService: () => start("UnimplementedService", "unimplementedCall"),
    [Symbol.asyncDispose]: close,
  };
}
