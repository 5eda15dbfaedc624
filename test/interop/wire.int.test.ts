import { createClient, createGrpcTransport, Metadata, staticRegistry, type ClientOf } from "@rollcall/app";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeGo } from "./describe-go.js";
import { TestService } from "./gen/grpc/testing/test.js";
import { startGoServer, type GoServer } from "./go-process.js";
import { probe } from "./go-probe.js";
import type { InteropServer } from "./interop-server.js";
import { startRollcallServer } from "./rollcall-server.js";

/** What percent-encoding has to carry, and what only looks like it. */
const messages = [
  "100%",
  "%41 is not A",
  "%",
  "ends in %2",
  "tab\tline\nreturn\r",
  "ünï©ode ☺ 😈",
  "\u0001\u007f",
  "x".repeat(2_000),
];

const day = 86_400_000;

await describeGo("between Go and Rollcall", (binary) => {
  describe("a Go client", () => {
    let server: InteropServer;
    beforeAll(async () => {
      server = await startRollcallServer();
    });
    afterAll(() => server[Symbol.asyncDispose]());
    const call = (...args: string[]): ReturnType<typeof probe> => probe(binary, server.address, ...args);

    test("may compress its requests", async () => {
      expect(await call("-gzip", "-size", "100000")).toMatchObject({ code: "OK", bytes: 100_000 });
    });

    test.each(messages)("reads the status message %j", async (message) => {
      expect(await call("-status", "9", "-message", message)).toMatchObject({
        code: "FailedPrecondition",
        message,
      });
    });

    test.each([8, 32])("gets %i KB of metadata across, both ways", async (kb) => {
      const { code, message, header } = await call("-metadata-bytes", `${kb * 1024}`);
      expect(code, message).toBe("OK");
      expect(header?.["x-large"]).toEqual(["a".repeat(kb * 1024)]);
    });

    test("is told when its metadata is too large, and not kept waiting", async () => {
      const { code, message } = await call("-metadata-bytes", `${1024 * 1024}`);
      // grpc-go heeds the limit that our server announces.
      expect(code).toBe("Internal");
      expect(message).toMatch(
        /header list size to send violates the maximum size \(\d+ bytes\) set by server/,
      );
    });

    // Go writes the number in the smallest unit that leaves it eight digits: n, u, m, S, M, H. Only timeouts below 100 ms
    // are in n, which a busy machine may be too slow for.
    test.each([
      { timeout: "90ms", ms: 90 },
      { timeout: "10s", ms: 10_000 },
      { timeout: "3h", ms: day / 8 },
      { timeout: "50h", ms: (50 * day) / 24 },
      { timeout: "720h", ms: 30 * day },
    ])("has its deadline in $timeout understood", { retry: 5 }, async ({ timeout, ms }) => {
      const { code, trailer } = await call("-timeout", timeout);
      expect(code).toBe("OK");
      const left = Number(trailer?.["x-timeout-ms"]?.[0]);
      expect(left).toBeLessThanOrEqual(ms);
      expect(left).toBeGreaterThan(ms - 2_000);
    });
  });

  describe("a Go server", () => {
    let server: GoServer;
    let client: ClientOf<TestService> & AsyncDisposable;
    beforeAll(async () => {
      server = await startGoServer(binary);
      const registry = staticRegistry({ [TestService.name]: [server.address] });
      client = createClient(TestService, { registry, transport: createGrpcTransport() });
    });
    afterAll(async () => {
      await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });

    test("may compress its responses", async () => {
      const answer = await client.unaryCall({ responseSize: 100_000, responseCompressed: { value: true } });
      expect(answer.payload?.body).toEqual(Buffer.alloc(100_000));
    });

    test.each(messages)("has its status message %j read", async (message) => {
      await expect(client.unaryCall({ responseStatus: { code: 9, message } })).rejects.toMatchObject({
        code: 9,
        reason: message,
        origin: "remote",
      });
    });

    test.each([8, 32])("gets %i KB of metadata across, both ways", async (kb) => {
      const metadata = new Metadata();
      metadata.set("x-large", "a".repeat(kb * 1024));
      let header: Metadata | undefined;
      await client.unaryCall({}, { metadata, onHeader: (received) => (header = received) });
      expect(header?.get("x-large")).toEqual(metadata.get("x-large"));
    });

    test.each([{ timeoutMs: 90 }, { timeoutMs: 10_000 }, { timeoutMs: day / 8 }, { timeoutMs: 2 * day }])(
      "understands a deadline in $timeoutMs ms",
      async ({ timeoutMs }) => {
        let trailer: Metadata | undefined;
        await client.unaryCall({}, { timeoutMs, onTrailer: (received) => (trailer = received) });
        const left = Number(trailer?.get("x-timeout-ms")[0]);
        expect(left).toBeLessThanOrEqual(timeoutMs);
        expect(left).toBeGreaterThan(timeoutMs - 2_000);
      },
    );
  });
});
