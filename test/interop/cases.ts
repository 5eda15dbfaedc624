import { Code, Metadata } from "@rollcall/core";
import { expect } from "vitest";
import type { Conversation, InteropClient } from "./conversation.js";

export interface Case {
  readonly name: string;
  run(client: InteropClient): Promise<void>;
}

const requestSizes = [27_182, 8, 1_828, 45_904];
const responseSizes = [31_415, 9, 2_653, 58_979];
const largeRequest = 271_828;
const largeResponse = 314_159;
const initial = { key: "x-grpc-test-echo-initial", value: "test_initial_metadata_value" };
const trailing = { key: "x-grpc-test-echo-trailing-bin", value: Buffer.from([0xab, 0xab, 0xab]) };
const specialMessage = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";

const payload = (size: number): { body: Buffer } => ({ body: Buffer.alloc(size) });

/**
 * The cases of gRPC's interop description, each as it is told there.
 * Source: https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md
 */
export const cases: readonly Case[] = [
  {
    name: "empty_unary",
    async run(client) {
      const call = client.emptyCall();
      call.send({});
      expect(await call.receive()).toEqual({});
      await ended(call, Code.Ok);
    },
  },
  {
    name: "large_unary",
    async run(client) {
      const call = client.unaryCall();
      call.send({ responseSize: largeResponse, payload: payload(largeRequest) });
      expect((await call.receive())?.payload).toEqual({
        type: "COMPRESSABLE",
        ...payload(largeResponse),
      });
      await ended(call, Code.Ok);
    },
  },
  {
    name: "client_streaming",
    async run(client) {
      const call = client.streamingInputCall();
      for (const size of requestSizes) call.send({ payload: payload(size) });
      call.closeSend();
      expect(await call.receive()).toEqual({ aggregatedPayloadSize: 74_922 });
      await ended(call, Code.Ok);
    },
  },
  {
    name: "server_streaming",
    async run(client) {
      const call = client.streamingOutputCall();
      call.send({ responseParameters: responseSizes.map((size) => ({ size })) });
      for (const size of responseSizes) expect((await call.receive())?.payload?.body.length).toBe(size);
      expect(await call.receive()).toBeUndefined();
      await ended(call, Code.Ok);
    },
  },
  {
    name: "ping_pong",
    async run(client) {
      const call = client.fullDuplexCall();
      for (const [i, size] of responseSizes.entries()) {
        call.send({ responseParameters: [{ size }], payload: payload(requestSizes[i] ?? 0) });
        expect((await call.receive())?.payload?.body.length).toBe(size);
      }
      call.closeSend();
      expect(await call.receive()).toBeUndefined();
      await ended(call, Code.Ok);
    },
  },
  {
    name: "empty_stream",
    async run(client) {
      const call = client.fullDuplexCall();
      call.closeSend();
      expect(await call.receive()).toBeUndefined();
      await ended(call, Code.Ok);
    },
  },
  {
    name: "timeout_on_sleeping_server",
    async run(client) {
      const call = client.fullDuplexCall({ timeoutMs: 1 });
      call.send({ payload: payload(27_182) });
      expect(await call.receive()).toBeUndefined();
      await ended(call, Code.DeadlineExceeded);
    },
  },
  {
    name: "cancel_after_begin",
    async run(client) {
      const call = client.streamingInputCall();
      call.cancel();
      expect(await call.receive()).toBeUndefined();
      await ended(call, Code.Cancelled);
    },
  },
  {
    name: "cancel_after_first_response",
    async run(client) {
      const call = client.fullDuplexCall();
      call.send({ responseParameters: [{ size: 31_415 }], payload: payload(27_182) });
      expect((await call.receive())?.payload?.body.length).toBe(31_415);
      call.cancel();
      await ended(call, Code.Cancelled);
    },
  },
  {
    name: "custom_metadata",
    async run(client) {
      const metadata = new Metadata();
      metadata.set(initial.key, initial.value);
      metadata.set(trailing.key, trailing.value);
      const unary = client.unaryCall({ metadata });
      unary.send({ responseSize: largeResponse, payload: payload(largeRequest) });
      expect((await unary.receive())?.payload?.body.length).toBe(largeResponse);
      await echoed(unary);

      const duplex = client.fullDuplexCall({ metadata });
      duplex.send({ responseParameters: [{ size: largeResponse }], payload: payload(largeRequest) });
      expect((await duplex.receive())?.payload?.body.length).toBe(largeResponse);
      duplex.closeSend();
      expect(await duplex.receive()).toBeUndefined();
      await echoed(duplex);
    },
  },
  {
    name: "status_code_and_message",
    async run(client) {
      const responseStatus = { code: Code.Unknown, message: "test status message" };
      const unary = client.unaryCall();
      unary.send({ responseStatus });
      await ended(unary, Code.Unknown, "test status message");
      const duplex = client.fullDuplexCall();
      duplex.send({ responseStatus });
      duplex.closeSend();
      await ended(duplex, Code.Unknown, "test status message");
    },
  },
  {
    name: "special_status_message",
    async run(client) {
      const call = client.unaryCall();
      call.send({ responseStatus: { code: Code.Unknown, message: specialMessage } });
      await ended(call, Code.Unknown, specialMessage);
    },
  },
  {
    name: "unimplemented_method",
    async run(client) {
      const call = client.unimplementedMethod();
      call.send({});
      await ended(call, Code.Unimplemented);
    },
  },
  {
    name: "unimplemented_service",
    async run(client) {
      const call = client.unimplementedService();
      call.send({});
      await ended(call, Code.Unimplemented);
    },
  },
];

async function ended(call: Conversation<never, unknown>, code: Code, message?: string): Promise<void> {
  const status = await call.status();
  expect(status.code, status.message).toBe(code);
  if (message !== undefined) expect(status.message).toBe(message);
}

async function echoed(call: Conversation<never, unknown>): Promise<void> {
  const { code, message, trailer } = await call.status();
  expect(code, message).toBe(Code.Ok);
  expect(call.header?.get(initial.key)).toEqual([initial.value]);
  expect(trailer.get(trailing.key)).toEqual([trailing.value]);
}
