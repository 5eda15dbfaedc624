import { createServer, type Http2Server, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { deflateSync, gzipSync } from "node:zlib";
import { Channel, Metadata } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from "vitest";
import { Code } from "../../code.js";
import { callOf, connectTo, serveEcho } from "../../fixtures/loopback.js";
import type { Connection } from "../../ports/transport.js";

const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));

function prefixed(flag: number, bytes: Buffer): Buffer {
  const prefix = Buffer.from([flag, 0, 0, 0, 0]);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  vi.restoreAllMocks();
});

async function connected(port: number): Promise<Connection> {
  const connection = await connectTo(port);
  ends.push(() => connection.close(0));
  return connection;
}

/** A server that answers each call with these bytes. */
async function answering(bytes: Buffer, headers: OutgoingHttpHeaders = {}): Promise<Http2Server> {
  const server = createServer();
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.on("error", () => {});
    stream.respond(
      { ":status": 200, "content-type": "application/grpc", ...headers },
      { waitForTrailers: true },
    );
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => new Promise((resolve) => server.close(resolve)));
  return server;
}

describe("calls on the connection itself", () => {
  let through: MockInstance<Channel["createCall"]>;
  beforeEach(() => {
    through = vi.spyOn(Channel.prototype, "createCall");
  });

  it("are those of one message each way, from the second on", async () => {
    const server = await serveEcho({
      unary: (request, ctx) => {
        ctx.responseTrailer.set("said", String(ctx.metadata.get("say")));
        return request;
      },
      serverStream: async function* () {},
    });
    ends.push(() => server.listener.close());
    const connection = await connected(server.listener.port);
    for (let n = 0; n < 3; n++) {
      const metadata = new Metadata();
      metadata.set("say", `${n}`);
      const reply = await connection.call(callOf("unary", { n }, { metadata }));
      expect(reply).toMatchObject({ response: { n } });
      expect((await reply.end).trailer.get("said")).toEqual([`${n}`]);
      expect(reply.header.getMap()).not.toHaveProperty("grpc-accept-encoding");
    }
    expect(through).toHaveBeenCalledTimes(1);
    await connection.call(callOf("serverStream"));
    expect(through).toHaveBeenCalledTimes(2);
  });

  it("leave to the channel what HTTP/2 would refuse, and the connection lives on", async () => {
    const server = await serveEcho({ unary: (request) => request });
    ends.push(() => server.listener.close());
    const connection = await connected(server.listener.port);
    await connection.call(callOf("unary"));
    const metadata = new Metadata();
    metadata.add("te", "gzip");
    await connection.call(callOf("unary", {}, { metadata }));
    expect(through).toHaveBeenCalledTimes(2);
    await connection.call(callOf("unary"));
    expect(through).toHaveBeenCalledTimes(2);
    expect(connection.state).toBe("ready");
  });

  it("go on, on the next connection, when that one is gone", async () => {
    const server = await answering(prefixed(0, json({})));
    const sessions: { destroy(): void }[] = [];
    server.on("session", (session) => sessions.push(session));
    const connection = await connected((server.address() as AddressInfo).port);
    await connection.call(callOf("unary"));
    await connection.call(callOf("unary"));
    const again = new Promise<void>((resolve) =>
      connection.onChange((state) => state === "ready" && resolve()),
    );
    sessions[0]!.destroy();
    await again;
    through.mockClear();
    for (let n = 0; n < 3; n++)
      expect(await connection.call(callOf("unary"))).toMatchObject({ response: {} });
    expect(through).toHaveBeenCalledTimes(1);
  });

  it.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
  ] as const)("read answers that come as %s", async (encoding, compress) => {
    const text = "x".repeat(10_000);
    const server = await answering(prefixed(1, compress(json({ text }))), { "grpc-encoding": encoding });
    const connection = await connected((server.address() as AddressInfo).port);
    for (let n = 0; n < 2; n++)
      expect(await connection.call(callOf("unary"))).toMatchObject({ response: { text } });
    expect(through).toHaveBeenCalledTimes(1);
  });

  it.each([
    ["is broken", Buffer.from("no gzip"), "gzip", Code.Internal],
    ["was not announced", gzipSync("{}"), undefined, Code.Internal],
    ["is of a kind that nobody knows", Buffer.from("x"), "snappy", Code.Internal],
    ["becomes more than 4 MiB", gzipSync(Buffer.alloc(5 << 20)), "gzip", Code.ResourceExhausted],
  ] as const)("fail when a compressed answer %s", async (_, bytes, encoding, code) => {
    const server = await answering(prefixed(1, bytes), encoding ? { "grpc-encoding": encoding } : {});
    const connection = await connected((server.address() as AddressInfo).port);
    for (let n = 0; n < 2; n++)
      await expect(connection.call(callOf("unary"))).rejects.toMatchObject({ code });
    expect(through).toHaveBeenCalledTimes(1);
    expect(connection.state).toBe("ready");
  });
});
