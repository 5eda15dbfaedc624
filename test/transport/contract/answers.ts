import { Code, Metadata, RpcError } from "@rollcall/core";
import { describe, expect, it } from "vitest";
import { echoCall } from "../echo.js";
import { all, rejects, Scene, sent, type TransportUnderTest } from "../scene.js";

export function answers(create: () => TransportUnderTest): void {
  describe("answers", () => {
    it("carry messages, headers and trailers of all four kinds", async () => {
      await using scene = new Scene(create());
      const { connection, server } = await scene.pair({
        unary: async (request, ctx) => {
          ctx.responseHeader.set("x-header", "h");
          ctx.responseTrailer.set("x-trailer", "t");
          return { got: request };
        },
        serverStream: async function* ({ n }, ctx) {
          ctx.responseHeader.set("x-header", "h");
          for (let each = 0; each < n; each++) yield { each };
          ctx.responseTrailer.set("x-trailer", "t");
        },
        clientStream: async (requests) => {
          const got = [];
          for await (const each of requests) got.push(each);
          return { got };
        },
        bidi: async function* (requests) {
          for await (const each of requests) yield { re: each };
        },
      });
      const unary = await connection.call(echoCall("unary", { n: 1 }));
      expect(unary).toMatchObject({ responseStream: false, response: { got: { n: 1 } } });
      expect(unary.header.get("x-header")).toEqual(["h"]);
      expect((await unary.end).trailer.get("x-trailer")).toEqual(["t"]);
      const stream = await connection.call(echoCall("serverStream", { n: 3 }));
      expect(stream.header.get("x-header")).toEqual(["h"]);
      expect(await all(stream)).toEqual([{ each: 0 }, { each: 1 }, { each: 2 }]);
      expect(await stream.end).toMatchObject({ code: Code.Ok, error: undefined });
      expect((await stream.end).trailer.get("x-trailer")).toEqual(["t"]);
      const up = await connection.call(echoCall("clientStream", sent({ n: 1 }, { n: 2 })));
      expect(up).toMatchObject({ response: { got: [{ n: 1 }, { n: 2 }] } });
      const both = await connection.call(echoCall("bidi", sent({ n: 1 }, { n: 2 })));
      expect(await all(both)).toEqual([{ re: { n: 1 } }, { re: { n: 2 } }]);
      await scene.under.eventually(() => server.gate.inflight === 0);
    });

    it("open a stream with the headers that its handler set, before there is a message", async () => {
      await using scene = new Scene(create());
      const release = Promise.withResolvers<void>();
      const { connection } = await scene.pair({
        serverStream: async function* (_, ctx) {
          ctx.responseHeader.set("x-header", "h");
          await release.promise;
          yield {};
        },
      });
      const reply = await connection.call(echoCall("serverStream"));
      expect(reply.header.get("x-header")).toEqual(["h"]);
      release.resolve();
      expect(await all(reply)).toEqual([{}]);
    });

    it("of empty streams are empty", async () => {
      await using scene = new Scene(create());
      const { connection } = await scene.pair({
        serverStream: async function* () {},
        clientStream: async (requests) => {
          for await (const _ of requests) throw new Error("a message");
          return {};
        },
      });
      const reply = await connection.call(echoCall("serverStream"));
      expect(await all(reply)).toEqual([]);
      expect((await reply.end).code).toBe(Code.Ok);
      expect(await connection.call(echoCall("clientStream", sent()))).toMatchObject({ response: {} });
    });

    it("have metadata both ways, binary keys included, several text values joined", async () => {
      await using scene = new Scene(create());
      const { connection } = await scene.pair({
        unary: async (_, ctx) => {
          ctx.responseHeader.merge(ctx.metadata);
          ctx.responseTrailer.merge(ctx.metadata);
          return {};
        },
      });
      const metadata = new Metadata();
      metadata.set("x-text", "t");
      metadata.add("x-many", "1");
      metadata.add("x-many", "2");
      metadata.set("x-bytes-bin", Buffer.from([0, 255, 10]));
      const reply = await connection.call(echoCall("unary", {}, { metadata }));
      for (const carried of [reply.header, (await reply.end).trailer]) {
        expect(carried.get("x-text")).toEqual(["t"]);
        expect(carried.get("x-many")).toEqual(["1, 2"]);
        expect(carried.get("x-bytes-bin")).toEqual([Buffer.from([0, 255, 10])]);
      }
      expect(metadata.get("x-many")).toEqual(["1", "2"]);
      expect(metadata.get("grpc-timeout")).toEqual([]);
    });

    it("leave out metadata that HTTP/2 keeps for itself", async () => {
      await using scene = new Scene(create());
      const { connection } = await scene.pair({
        unary: async ({ fail }, ctx) => {
          for (const metadata of [ctx.responseHeader, ctx.responseTrailer]) {
            for (const key of ["connection", "te", "content-length", "grpc-status"]) metadata.set(key, "5");
            metadata.add("etag", "1");
            metadata.add("etag", "2");
          }
          if (fail) throw new RpcError(Code.NotFound, `half a pair: ${"\u{1f600}".slice(0, 1)} 100%`);
          return {};
        },
      });
      const reply = await connection.call(echoCall("unary"));
      for (const carried of [reply.header, (await reply.end).trailer]) {
        for (const key of ["connection", "te", "content-length"]) expect(carried.get(key)).toEqual([]);
        expect(carried.get("etag")).toEqual(["2"]);
      }
      await rejects(connection.call(echoCall("unary", { fail: true })), {
        code: Code.NotFound,
        reason: "half a pair: \ufffd 100%",
      });
    });
  });

  describe("errors", () => {
    it("carry code, words and trailers, and say that the call was processed", async () => {
      await using scene = new Scene(create());
      const fail = (ctx: { responseTrailer: Metadata }): never => {
        ctx.responseTrailer.set("x-own", "1");
        const trailer = new Metadata();
        trailer.set("x-error", "2");
        throw new RpcError(Code.FailedPrecondition, "größer als 1 %", { trailer });
      };
      const { connection } = await scene.pair({
        unary: async (_, ctx) => fail(ctx),
        // oxlint-disable-next-line eslint/require-yield -- fails before its first message
        serverStream: async function* (_, ctx) {
          fail(ctx);
        },
        clientStream: async (_, ctx) => fail(ctx),
      });
      const like = {
        code: Code.FailedPrecondition,
        reason: "größer als 1 %",
        origin: "remote",
        processed: "yes",
      };
      for (const call of [
        () => connection.call(echoCall("unary")),
        // Before its first message a stream is refused, not opened.
        () => connection.call(echoCall("serverStream")),
        () => connection.call(echoCall("clientStream", sent())),
      ]) {
        const error = await call().then(
          () => undefined,
          (error: unknown) => error as RpcError,
        );
        expect(error).toMatchObject(like);
        expect(error?.cause).toBeUndefined();
        expect(error?.trailer.get("x-own")).toEqual(["1"]);
        expect(error?.trailer.get("x-error")).toEqual(["2"]);
      }
    });

    it("end a stream after the messages before them, for a reader that keeps up", async () => {
      await using scene = new Scene(create());
      const { connection } = await scene.pair({
        bidi: async function* (requests) {
          for await (const { n } of requests) {
            if (n === 2) throw new RpcError(Code.Aborted, "two");
            yield { n };
          }
        },
      });
      const asked = Promise.withResolvers<void>();
      const requests = (async function* () {
        yield { n: 0 };
        yield { n: 1 };
        await asked.promise;
        yield { n: 2 };
      })();
      const got: object[] = [];
      const reply = await connection.call(echoCall("bidi", requests));
      const read = (async () => {
        if (!reply.responseStream) return;
        for await (const each of reply.response) if (got.push(each) === 2) asked.resolve();
      })();
      await rejects(read, { code: Code.Aborted, reason: "two" });
      expect(got).toEqual([{ n: 0 }, { n: 1 }]);
      expect(await reply.end).toMatchObject({ code: Code.Aborted, error: { reason: "two" } });
    });

    it("that follow messages at once do not overtake them, for a reader that is waiting", async () => {
      await using scene = new Scene(create());
      const { connection } = await scene.pair({
        serverStream: async function* () {
          for (let n = 0; n < 10; n++) yield { n };
          throw new RpcError(Code.Aborted, "ten");
        },
      });
      let got = 0;
      const read = connection.call(echoCall("serverStream")).then(async (reply) => {
        if (!reply.responseStream) return;
        for await (const _ of reply.response) got++;
      });
      await rejects(read, { code: Code.Aborted });
      expect(got).toBe(10);
    });

    it("hide what a handler throws by accident, whatever and whenever it does", async () => {
      await using scene = new Scene(create());
      const thrown = [
        undefined,
        null,
        "text",
        7,
        new Error("secret"),
        new RpcError(Code.Ok, ""),
        { code: 5 },
      ];
      const { connection, server } = await scene.pair({
        unary: ({ n }) => {
          throw thrown[n];
        },
        serverStream: ({ n }) => {
          throw thrown[n];
        },
        bidi: async function* (requests) {
          for await (const { n } of requests) {
            yield {};
            throw thrown[n];
          }
        },
      });
      const hidden = { code: Code.Internal, reason: "internal error", origin: "remote", cause: undefined };
      for (let n = 0; n < thrown.length; n++) {
        await rejects(connection.call(echoCall("unary", { n })), hidden);
        await rejects(connection.call(echoCall("serverStream", { n })).then(all), hidden);
        await rejects(connection.call(echoCall("bidi", sent({ n }))).then(all), hidden);
      }
      await scene.under.eventually(() => server.gate.inflight === 0);
    });

    it("answer for a reply of the wrong kind, and for one that is none", async () => {
      await using scene = new Scene(create());
      const { connection, server } = await scene.pair(
        { unary: async () => ({}), serverStream: () => sent({}) },
        [
          (next) => async (call) => {
            const reply = await next(call);
            return reply.responseStream
              ? { ...reply, responseStream: false, response: {} }
              : { ...reply, responseStream: true, response: sent() };
          },
        ],
      );
      await rejects(connection.call(echoCall("unary")), { code: Code.Internal });
      await rejects(connection.call(echoCall("serverStream")).then(all), { code: Code.Internal });
      const other = await scene.pair({ unary: () => undefined, serverStream: () => [{}] });
      expect(await other.connection.call(echoCall("unary"))).toMatchObject({ response: {} });
      await rejects(other.connection.call(echoCall("serverStream")).then(all), { code: Code.Internal });
      await scene.under.eventually(() => server.gate.inflight === 0);
    });

    it("answer unimplemented to a method that the server does not have", async () => {
      await using scene = new Scene(create());
      const { connection } = await scene.pair({});
      const call = echoCall("unary", {}, { method: { path: "/test.v1.Other/No" } });
      await rejects(connection.call(call), { code: Code.Unimplemented, origin: "remote" });
    });
  });
}
