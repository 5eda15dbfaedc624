import { Code, Metadata } from "@rollcall/core";
import { describe, expect, it } from "vitest";
import { echoCall } from "../echo.js";
import { all, rejects, Scene, sent, type TransportUnderTest } from "../scene.js";

export function limits(create: () => TransportUnderTest): void {
  describe("limits", () => {
    it("answer resource_exhausted to what is too large, and the connection goes on", async () => {
      await using scene = new Scene(create());
      const large = { text: "x".repeat(5 << 20) };
      const { connection } = await scene.pair({
        unary: async ({ answer }) => (answer ? large : {}),
        serverStream: () => sent({}, large, {}),
      });
      const exhausted = { code: Code.ResourceExhausted };
      const metadata = new Metadata();
      for (let n = 0; n < 120; n++) metadata.set(`x-${n}`, "v");
      await rejects(connection.call(echoCall("unary", {}, { metadata })), exhausted);
      await rejects(connection.call(echoCall("unary", large)), exhausted);
      await rejects(connection.call(echoCall("unary", { answer: true })), exhausted);
      expect(await connection.call(echoCall("unary"))).toMatchObject({ response: {} });
      await rejects(connection.call(echoCall("serverStream")).then(all), exhausted);
    });

    it("take a hundred entries of metadata", async () => {
      await using scene = new Scene(create());
      const { connection } = await scene.pair({
        unary: async (_, ctx) => ({ last: ctx.metadata.get("x-99") }),
      });
      const metadata = new Metadata();
      for (let n = 0; n < 100; n++) metadata.set(`x-${n}`, `${n}`);
      expect(await connection.call(echoCall("unary", {}, { metadata }))).toMatchObject({
        response: { last: ["99"] },
      });
    });

    it("answer internal to messages that cannot be written or read, and say whether the call ran", async () => {
      await using scene = new Scene(create());
      const { connection } = await scene.pair({
        unary: async ({ bad }) => (bad ? { n: 1n } : {}),
        serverStream: () => sent({}, { n: 1n }),
        clientStream: async (requests) => {
          for await (const _ of requests);
          return {};
        },
      });
      const internal = { code: Code.Internal };
      await rejects(connection.call(echoCall("unary", { n: 1n })), { ...internal, processed: "no" });
      await rejects(connection.call(echoCall("clientStream", sent({}, { n: 1n }))), internal);
      await rejects(connection.call(echoCall("unary", { bad: true })), { ...internal, processed: "yes" });
      await rejects(connection.call(echoCall("serverStream")).then(all), internal);
      const garbled = {
        encode: () => Buffer.from("{"),
        decode: () => {
          throw new Error("garbled");
        },
      };
      await rejects(connection.call(echoCall("unary", {}, { method: { request: garbled } })), internal);
      await rejects(connection.call(echoCall("unary", {}, { method: { response: garbled } })), {
        ...internal,
        reason: "the response cannot be read: garbled",
        processed: "yes",
      });
    });
  });
}
