import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import {
  Metadata,
  Server,
  type sendUnaryData,
  type ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type StatusObject,
} from "@grpc/grpc-js";
import type { Empty } from "./gen/grpc/testing/empty.js";
import type {
  EchoStatus,
  SimpleRequest,
  SimpleResponseInit,
  StreamingInputCallRequest,
  StreamingInputCallResponse,
  StreamingOutputCallRequest,
  StreamingOutputCallResponseInit,
} from "./gen/grpc/testing/messages.js";
import type { InteropServer } from "./interop-server.js";
import { plainService } from "./plain-proto.js";

type Output = StreamingOutputCallResponseInit;
type Writer = ServerWritableStream<StreamingOutputCallRequest, Output>;
type Duplex = ServerDuplexStream<StreamingOutputCallRequest, Output>;

/** grpc.testing.TestService on grpc-js and proto-loader alone. */
export async function startPlainServer(credentials: ServerCredentials): Promise<InteropServer> {
  const server = new Server();
  // What is not here answers UNIMPLEMENTED.
  server.addService(plainService("TestService"), {
    emptyCall: (_: unknown, answer: sendUnaryData<Empty>) => answer(null, {}),
    unaryCall,
    streamingInputCall,
    streamingOutputCall: (call: Writer) => void streamingOutputCall(call),
    fullDuplexCall: (call: Duplex) => void fullDuplexCall(call),
    halfDuplexCall: (call: Duplex) => void halfDuplexCall(call),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

function unaryCall(
  call: ServerUnaryCall<SimpleRequest, SimpleResponseInit>,
  answer: sendUnaryData<SimpleResponseInit>,
): void {
  const trailer = echo(call);
  const { responseStatus, responseSize } = call.request;
  if (responseStatus?.code) return answer(statusOf(responseStatus, trailer));
  answer(null, { payload: { body: Buffer.alloc(responseSize) } }, trailer);
}

function streamingInputCall(
  call: ServerReadableStream<StreamingInputCallRequest, StreamingInputCallResponse>,
  answer: sendUnaryData<StreamingInputCallResponse>,
): void {
  let aggregatedPayloadSize = 0;
  call.on("data", ({ payload }: StreamingInputCallRequest) => {
    aggregatedPayloadSize += payload?.body.length ?? 0;
  });
  call.on("end", () => answer(null, { aggregatedPayloadSize }));
}

async function streamingOutputCall(call: Writer): Promise<void> {
  await respond(call, call.request);
  call.end();
}

async function fullDuplexCall(call: Duplex): Promise<void> {
  const trailer = echo(call);
  try {
    for await (const request of call as AsyncIterable<StreamingOutputCallRequest>) {
      const { responseStatus } = request;
      // Before the loop is left, which destroys the stream.
      if (responseStatus?.code) return void call.emit("error", statusOf(responseStatus, trailer));
      await respond(call, request);
    }
    call.end(trailer);
  } catch (error) {
    // A caller that cancels breaks off the reading.
    if (!call.cancelled) call.emit("error", error);
  }
}

async function halfDuplexCall(call: Duplex): Promise<void> {
  const requests: StreamingOutputCallRequest[] = [];
  call.on("data", (request: StreamingOutputCallRequest) => requests.push(request));
  await once(call, "end");
  for (const request of requests) await respond(call, request);
  call.end();
}

function statusOf({ code, message }: EchoStatus, metadata: Metadata): Partial<StatusObject> {
  return { code, details: message, metadata };
}

async function respond(call: { write(chunk: Output): unknown }, request: StreamingOutputCallRequest) {
  for (const { size, intervalUs } of request.responseParameters) {
    if (intervalUs > 0) await sleep(intervalUs / 1_000);
    call.write({ payload: { body: Buffer.alloc(size) } });
  }
}

/** Sends back the one key as a header; returns the trailer with the other. */
function echo(call: { metadata: Metadata; sendMetadata(metadata: Metadata): void }): Metadata {
  const [initial] = call.metadata.get("x-grpc-test-echo-initial");
  const [trailing] = call.metadata.get("x-grpc-test-echo-trailing-bin");
  if (initial !== undefined) {
    const header = new Metadata();
    header.set("x-grpc-test-echo-initial", initial);
    call.sendMetadata(header);
  }
  const trailer = new Metadata();
  if (trailing !== undefined) trailer.set("x-grpc-test-echo-trailing-bin", trailing);
  return trailer;
}
