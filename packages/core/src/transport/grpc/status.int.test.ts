import { Channel, credentials, Metadata, type ChannelOptions, type StatusObject } from "@grpc/grpc-js";
import {
  connect,
  constants,
  type ClientHttp2Session,
  createServer,
  type Http2Server,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Code } from "../../code.js";
import { RpcError } from "../../errors.js";
import { callOf, connectTo } from "../../fixtures/loopback.js";
import { freePort, rawServer } from "../../fixtures/sockets.js";
import { rpcErrorOf } from "./status.js";

const servers: Http2Server[] = [];
const ends: (() => unknown)[] = [];

/** An HTTP/2 server that treats each stream as told. */
async function http2Server(treat: (stream: ServerHttp2Stream) => void): Promise<number> {
  const server = createServer();
  servers.push(server);
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    treat(stream);
  });
  server.on("session", (session) => ends.push(() => session.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** What a call that is treated so fails with, which is the same through a channel and straight on its connection. */
async function errorOf(treat: (stream: ServerHttp2Stream) => void): Promise<RpcError> {
  const first = await failureOf(treat, 0);
  const direct = await failureOf(treat, 1);
  const { code, reason, processed, origin } = first;
  expect(direct).toMatchObject({ code, reason, processed, origin });
  return first;
}

/** @param before so many calls are answered before it */
async function failureOf(treat: (stream: ServerHttp2Stream) => void, before: number): Promise<RpcError> {
  let left = before;
  const answer = (stream: ServerHttp2Stream): void => {
    stream.respond(headers, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "5" }));
    stream.end();
  };
  const connection = await connectTo(await http2Server((stream) => (left-- > 0 ? answer : treat)(stream)));
  ends.push(() => connection.close(0));
  for (let n = 0; n < before; n++)
    await expect(connection.call(callOf("unary"))).rejects.toMatchObject({ code: Code.NotFound });
  const error = await connection.call(callOf("unary")).catch((each: unknown) => each);
  if (!(error instanceof RpcError)) throw new Error("no RpcError");
  return error;
}

/** Why a session makes no more requests: thrown by some versions of Node, the stream's error in others. */
function requestError(session: ClientHttp2Session): Promise<string> {
  return new Promise((resolve) => {
    try {
      session.request().on("error", (error) => resolve(error.message));
    } catch (error) {
      resolve((error as Error).message);
    }
  });
}

/** The status of a call on a channel of grpc-js alone. */
function statusOf(port: number, then: (channel: Channel) => void = () => {}): Promise<StatusObject> {
  const options: ChannelOptions = { "grpc.enable_retries": 0, "grpc.use_local_subchannel_pool": 1 };
  const channel = new Channel(`ipv4:127.0.0.1:${port}`, credentials.createInsecure(), options);
  ends.push(() => channel.close());
  const call = channel.createCall("/a/B", Infinity, null, null, null);
  return new Promise((onReceiveStatus) => {
    call.start(new Metadata(), { onReceiveMetadata() {}, onReceiveMessage() {}, onReceiveStatus });
    then(channel);
  });
}

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

const headers = { ":status": 200, "content-type": "application/grpc" };

describe("what proves that no handler saw a call, in this version of grpc-js", () => {
  it("is a stream that the server refused", async () => {
    const error = await errorOf((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM));
    expect(error).toMatchObject({
      code: Code.Unavailable,
      reason: "Stream refused by server",
      processed: "no",
      origin: "local",
    });
  });

  it("is that there was no connection", async () => {
    const status = await statusOf(await freePort());
    expect(status.details).toMatch(/^No connection established/);
    expect(rpcErrorOf(status, false, "a/B")).toMatchObject({ code: Code.Unavailable, processed: "no" });
  });

  it("is a channel that was closed while the call waited for a connection", async () => {
    await using silent = await rawServer();
    const status = await statusOf(silent.port, (channel) => setImmediate(() => channel.close()));
    expect(status.details).toBe("Channel closed before call started");
    expect(rpcErrorOf(status, false, "a/B")).toMatchObject({ code: Code.Unavailable, processed: "no" });
  });

  it("is a session that ended before the first frame, in Node's words", async () => {
    for (const end of ["destroy", "close"] as const) {
      const session = connect(`http://127.0.0.1:${await http2Server(() => {})}`);
      // A stream that is open keeps a closed session alive.
      const open = session.request().on("error", () => {});
      session[end]();
      const message = await requestError(session);
      session.destroy();
      open.destroy();
      for (const details of [
        `Failed to start HTTP/2 stream with error ${message}`,
        `Received RST_STREAM with code 2 triggered by internal client error: ${message}`,
      ]) {
        const status = { code: Code.Internal, details, metadata: new Metadata() };
        expect(rpcErrorOf(status, false, "a/B")).toMatchObject({ code: Code.Unavailable, processed: "no" });
        expect(rpcErrorOf({ ...status, metadata: new Metadata() }, true, "a/B").processed).not.toBe("no");
      }
    }
    const details = "Failed to start HTTP/2 stream with error Header name must be valid";
    const header = { code: Code.Internal, details, metadata: new Metadata() };
    expect(rpcErrorOf(header, false, "a/B")).toMatchObject({ code: Code.Internal, processed: "unknown" });
  });
});

describe("what proves nothing", () => {
  it("is a refusal after headers", async () => {
    const error = await errorOf((stream) => {
      stream.respond(headers);
      stream.write("");
      setImmediate(() => stream.close(constants.NGHTTP2_REFUSED_STREAM));
    });
    expect(error.processed).not.toBe("no");
  });

  it("is the same words in trailers, alone or after headers", async () => {
    const trailer = { "grpc-status": "14", "grpc-message": "Stream refused by server" };
    const alone = await errorOf((stream) => stream.respond({ ...headers, ...trailer }, { endStream: true }));
    expect(alone).toMatchObject({ code: Code.Unavailable, processed: "yes", origin: "remote" });
    const after = await errorOf((stream) => {
      stream.respond(headers, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers(trailer));
      stream.end();
    });
    expect(after).toMatchObject({ code: Code.Unavailable, processed: "yes", origin: "remote" });
  });

  it("is a stream or connection that broke, before or after headers: it may have run", async () => {
    const breaks: ((stream: ServerHttp2Stream) => void)[] = [
      (stream) => stream.close(constants.NGHTTP2_CANCEL),
      (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
      (stream) => stream.session?.socket.destroy(),
      (stream) => stream.session?.destroy(),
    ];
    for (const broken of breaks) {
      for (const answered of [false, true]) {
        const error = await errorOf((stream) => {
          if (!answered) return broken(stream);
          stream.respond(headers);
          stream.write("");
          setTimeout(() => broken(stream), 5);
        });
        expect(error).toMatchObject({ code: Code.Unavailable, processed: "unknown", origin: "local" });
      }
    }
  });

  it("is an answer that is not gRPC", async () => {
    for (const [status, code] of [
      [503, Code.Unavailable],
      [404, Code.Unimplemented],
      [401, Code.Unauthenticated],
    ] as const) {
      const error = await errorOf((stream) =>
        stream.respond({ ":status": status, "content-type": "text/html" }, { endStream: true }),
      );
      expect(error).toMatchObject({ code, processed: "yes" });
    }
  });

  it("is a code that does not exist", async () => {
    const error = await errorOf((stream) =>
      stream.respond({ ...headers, "grpc-status": "99" }, { endStream: true }),
    );
    expect(error).toMatchObject({ code: Code.Unknown, processed: "yes" });
  });
});
