import { setTimeout as sleep } from "node:timers/promises";
import {
  Code,
  codeOf,
  RpcError,
  Service,
  systemClock,
  type Metadata,
  type ServerCallContext,
} from "@rollcall/app";
import type { EmptyInit } from "./gen/grpc/testing/empty.js";
import type {
  EchoStatus,
  SimpleRequest,
  SimpleResponseInit,
  StreamingInputCallRequest,
  StreamingInputCallResponseInit,
  StreamingOutputCallRequest,
  StreamingOutputCallResponseInit,
} from "./gen/grpc/testing/messages.js";
import { TestService } from "./gen/grpc/testing/test.js";

/** grpc.testing.TestService as a Rollcall service. It says who it is in `serverId`, by its process. */
@Service(TestService)
export class InteropTestService {
  async emptyCall(): Promise<EmptyInit> {
    return {};
  }

  async unaryCall(request: SimpleRequest, ctx: ServerCallContext): Promise<SimpleResponseInit> {
    echo(ctx);
    fail(request.responseStatus);
    return {
      payload: { body: Buffer.alloc(request.responseSize) },
      serverId: request.fillServerId ? `${process.pid}` : "",
    };
  }

  async *streamingOutputCall(
    request: StreamingOutputCallRequest,
  ): AsyncIterable<StreamingOutputCallResponseInit> {
    yield* responses(request);
  }

  async streamingInputCall(
    requests: AsyncIterable<StreamingInputCallRequest>,
  ): Promise<StreamingInputCallResponseInit> {
    let aggregatedPayloadSize = 0;
    for await (const { payload } of requests) aggregatedPayloadSize += payload?.body.length ?? 0;
    return { aggregatedPayloadSize };
  }

  async *fullDuplexCall(
    requests: AsyncIterable<StreamingOutputCallRequest>,
    ctx: ServerCallContext,
  ): AsyncIterable<StreamingOutputCallResponseInit> {
    echo(ctx);
    for await (const request of requests) {
      fail(request.responseStatus);
      yield* responses(request);
    }
  }

  async *halfDuplexCall(
    requests: AsyncIterable<StreamingOutputCallRequest>,
  ): AsyncIterable<StreamingOutputCallResponseInit> {
    const all: StreamingOutputCallRequest[] = [];
    for await (const request of requests) all.push(request);
    for (const request of all) yield* responses(request);
  }

  async unimplementedCall(): Promise<EmptyInit> {
    throw new RpcError(Code.Unimplemented, "nobody implements it");
  }
}

async function* responses(
  request: StreamingOutputCallRequest,
): AsyncIterable<StreamingOutputCallResponseInit> {
  for (const { size, intervalUs } of request.responseParameters) {
    if (intervalUs > 0) await sleep(intervalUs / 1_000);
    yield { payload: { body: Buffer.alloc(size) } };
  }
}

function fail(status: EchoStatus | null): void {
  if (status?.code) throw new RpcError(codeOf(status.code), status.message);
}

/** The two keys of the interop description, one of ours with large values, and what is left of the call's time. */
function echo(ctx: ServerCallContext): void {
  copy(ctx.metadata, ctx.responseHeader, "x-grpc-test-echo-initial");
  copy(ctx.metadata, ctx.responseTrailer, "x-grpc-test-echo-trailing-bin");
  copy(ctx.metadata, ctx.responseHeader, "x-large");
  ctx.responseTrailer.set("x-timeout-ms", `${Math.round(ctx.deadline - systemClock.now())}`);
}

function copy(from: Metadata, to: Metadata, key: string): void {
  const [value] = from.get(key);
  if (value !== undefined) to.set(key, value);
}
