import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { Code } from "../../code.js";
import { closeAll, json, never, serve } from "../../fixtures/connected.js";
import { framed, RawClient } from "../../fixtures/raw-call.js";

afterEach(closeAll);

describe("timeouts of foreign callers", () => {
  it("are kept however long they are", async () => {
    const left: number[] = [];
    const server = await serve({
      unary: (_, ctx) => {
        left.push(ctx.deadline - Date.now());
        return {};
      },
    });
    using client = new RawClient(server.listener.port);
    const day = 86_400_000;
    for (const [timeout, ms] of [
      ["720H", 30 * day],
      ["99999999H", 99_999_999 * 3_600_000],
      ["99999999M", 99_999_999 * 60_000],
      ["2147484S", 2_147_484_000],
      ["2147483S", 2_147_483_000],
      ["99999999m", 99_999_999],
      ["99999999u", 99_999],
    ] as const) {
      const answer = await client.call({ headers: { "grpc-timeout": timeout } });
      expect(answer, timeout).toMatchObject({ status: Code.Ok });
      expect(left.at(-1), timeout).toBeGreaterThan(ms - 2_000);
      expect(left.at(-1), timeout).toBeLessThan(ms + 2_000);
    }
  });

  it("answer internal with the value when they are none, and the server goes on", async () => {
    let handled = 0;
    const server = await serve({ unary: () => ({ handled: ++handled }) });
    using client = new RawClient(server.listener.port);
    for (const timeout of ["", "S", "1", "-1S", "1.5S", "123456789S", "1 S", "1h", "x1S", "1Sx", "NaN"]) {
      expect(await client.call({ headers: { "grpc-timeout": timeout } }), timeout).toMatchObject({
        status: Code.Internal,
        message: `malformed grpc-timeout ${JSON.stringify(timeout)}: allowed are up to 8 digits and one of H, M, S, m, u, n`,
      });
    }
    expect(await client.call({ headers: { "grpc-timeout": ["1S", "2S"] } })).toMatchObject({
      status: Code.Internal,
    });
    expect(handled).toBe(0);
    expect(await client.call()).toMatchObject({ status: Code.Ok });
  });

  it("answer deadline_exceeded in time when they are 0 or short, whatever the request does", async () => {
    const server = await serve({ unary: never });
    using client = new RawClient(server.listener.port);
    for (const timeout of ["0H", "0n", "1n", "999u", "20m"]) {
      for (const end of [true, false]) {
        const answer = await client.call({ end, headers: { "grpc-timeout": timeout } });
        expect(answer).toMatchObject({ status: Code.DeadlineExceeded });
        expect(answer.ms).toBeLessThan(1_000);
      }
    }
  });
});

describe("requests that do not arrive", () => {
  it("end at the timeout of requests, without a body and with half of one, and leave no stream", async () => {
    const server = await serve({ unary: () => ({}) }, { limits: { requestTimeoutMs: 100 } });
    using client = new RawClient(server.listener.port);
    for (const body of [Buffer.alloc(0), framed("{}"), framed("{}").subarray(0, 6)]) {
      const answer = await client.call({ end: false, body });
      expect(answer).toMatchObject({
        status: Code.DeadlineExceeded,
        message: "the request did not arrive within 100 ms",
        reset: 0,
      });
      expect(answer.ms).toBeGreaterThan(90);
    }
  });

  it("are refused when too many are pending, told to wait, and make room when they are gone", async () => {
    const server = await serve(
      { unary: () => ({}), bidi: async function* () {} },
      { limits: { maxPendingRequests: 3 }, random: () => 0.5 },
    );
    using hostile = new RawClient(server.listener.port);
    using client = new RawClient(server.listener.port);
    const pending = Array.from({ length: 3 }, () => hostile.call({ end: false }));
    await expect.poll(async () => (await client.call()).status).toBe(Code.ResourceExhausted);
    const refused = await client.call();
    expect(refused).toMatchObject({
      message: "3 requests are still arriving, which is the most this server takes",
    });
    expect(refused.trailers["grpc-retry-pushback-ms"]).toBe("100");
    expect(await client.call({ path: "/test.v1.Echo/bidi" })).toMatchObject({ status: Code.Ok });
    hostile.session.destroy();
    await Promise.all(pending);
    await expect.poll(async () => (await client.call()).status).toBe(Code.Ok);
  });
});

describe("a stream that was answered before its request had ended", () => {
  it("is closed with the answer in place", async () => {
    const server = await serve({
      clientStream: async () => ({ done: true }),
      bidi: async function* () {
        yield { n: 1 };
      },
    });
    using client = new RawClient(server.listener.port);
    for (const path of ["/test.v1.Echo/clientStream", "/test.v1.Echo/bidi"])
      expect(await client.call({ path, end: false })).toMatchObject({ status: Code.Ok, reset: 0 });
    expect(await client.call({ path: "/test.v1.Echo/none", end: false })).toMatchObject({
      status: Code.Unimplemented,
    });
  });
});

describe("a connection that does not say hello", () => {
  it("is closed after the handshake timeout, others stay", async () => {
    const server = await serve({ unary: () => ({}) }, { limits: { handshakeTimeoutMs: 150 } });
    using client = new RawClient(server.listener.port);
    await client.call();
    const begun = performance.now();
    await Promise.all(
      ["", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"].map(
        (text) =>
          new Promise<void>((resolve) => {
            const socket = connect(server.listener.port, "127.0.0.1");
            socket.on("error", () => {}).on("close", () => resolve());
            socket.resume().write(text);
          }),
      ),
    );
    expect(performance.now() - begun).toBeGreaterThan(140);
    expect(await client.call()).toMatchObject({ status: Code.Ok });
  });
});

describe("compressed requests", () => {
  const headers = { "grpc-encoding": "gzip" };
  const bomb = framed(gzipSync(json({ text: "x".repeat(1 << 20) })), true);

  it("are read, one at a time when they are large", async () => {
    const server = await serve(
      { unary: ({ text }) => ({ length: text.length }) },
      { limits: { maxInflatedBytes: 5 << 20 } },
    );
    using client = new RawClient(server.listener.port);
    for (let n = 0; n < 20; n++)
      expect(await client.call({ headers, body: bomb })).toMatchObject({ status: Code.Ok });
  });

  it("are refused when those under way hold too much, until they are over", async () => {
    const held: (() => void)[] = [];
    const server = await serve(
      { unary: () => new Promise<object>((resolve) => held.push(() => resolve({}))) },
      { limits: { maxInflatedBytes: 3 << 20 } },
    );
    using client = new RawClient(server.listener.port);
    const calls = [client.call({ headers, body: bomb }), client.call({ headers, body: bomb })];
    await expect.poll(() => held.length).toBe(2);
    expect(await client.call({ headers, body: bomb })).toMatchObject({
      status: Code.ResourceExhausted,
      message: expect.stringContaining("compressed requests hold"),
    });
    for (const end of held.splice(0)) end();
    expect((await Promise.all(calls)).map((each) => each.status)).toEqual([Code.Ok, Code.Ok]);
    const again = client.call({ headers, body: bomb });
    await expect.poll(() => held.length).toBe(1);
    held[0]!();
    expect(await again).toMatchObject({ status: Code.Ok });
  });

  it("of a stream are held until they are read", async () => {
    const server = await serve(
      {
        clientStream: async (requests: AsyncIterable<object>) => {
          let count = 0;
          for await (const _ of requests) count++;
          return { count };
        },
      },
      { limits: { maxInflatedBytes: 3 << 20 } },
    );
    using client = new RawClient(server.listener.port);
    const body = Buffer.concat(Array.from({ length: 30 }, () => bomb));
    expect(await client.call({ path: "/test.v1.Echo/clientStream", headers, body })).toMatchObject({
      status: Code.Ok,
    });
  });

  it("answer internal when they cannot be read, unimplemented in other encodings", async () => {
    const server = await serve({ unary: () => ({}) });
    using client = new RawClient(server.listener.port);
    expect(await client.call({ headers, body: framed("no gzip", true) })).toMatchObject({
      status: Code.Internal,
    });
    expect(await client.call({ headers: { "grpc-encoding": "br" }, body: bomb })).toMatchObject({
      status: Code.Unimplemented,
    });
  });
});
