import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import * as grpc from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { Code } from "../../code.js";
import { RpcError } from "../../errors.js";
import { defineError } from "../../errors/define-error.js";
import { BadRequest, badRequest, localizedMessage, retryInfo } from "../../errors/details.js";
import { file as statusFile, type Status } from "../../gen/google/rpc/status.js";
import { closeAll, foreignServer, pair } from "../../fixtures/connected.js";
import { callOf, serveEcho } from "../../fixtures/loopback.js";
import { connect as connectTo } from "../../fixtures/connected.js";

const secret = "s3cret";
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await closeAll();
});

const OutOfStock = defineError({
  reason: "OUT_OF_STOCK",
  domain: "shop.example",
  code: Code.FailedPrecondition,
  metadata: ["sku"],
});

/** All that one call gets back, as it is on the wire: every header and trailer and the bytes of every message. */
async function rawCall(
  port: number,
  method: string,
  request: object = {},
): Promise<{ headers: IncomingHttpHeaders; wire: string }> {
  const session: ClientHttp2Session = connect(`http://127.0.0.1:${port}`);
  ends.push(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": `/test.v1.Echo/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
  });
  const chunks: Buffer[] = [];
  let headers: IncomingHttpHeaders = {};
  const take = (more: IncomingHttpHeaders): void => void (headers = { ...headers, ...more });
  stream.on("response", take).on("trailers", take);
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const message = Buffer.from(JSON.stringify(request));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([prefix, message]));
  await new Promise((resolve) => stream.on("close", resolve));
  const binary = Object.entries(headers)
    .filter(([name]) => name.endsWith("-bin"))
    .map(([, value]) => Buffer.from(String(value), "base64").toString("latin1"));
  return {
    headers,
    wire: [JSON.stringify(headers), ...binary, Buffer.concat(chunks).toString("latin1")].join("\n"),
  };
}

function throwing(message: string): Error {
  return Object.defineProperty(new Error(secret), "message", {
    get: () => {
      throw new Error(message);
    },
  });
}

describe("what is thrown by accident", () => {
  it.each<[string, unknown]>([
    ["an error", new Error(secret)],
    ["a text", secret],
    ["undefined", undefined],
    ["null", null],
    ["a symbol", Symbol(secret)],
    [
      "what looks like a status",
      { code: 5, details: secret, message: secret, metadata: new grpc.Metadata() },
    ],
    ["a code of another kind", Object.assign(new Error(secret), { code: 0, details: secret })],
    [
      "an error of a grpc-js client",
      Object.assign(new Error(secret), { code: 7, details: secret, metadata: metadata() }),
    ],
    ["several errors", new AggregateError([new Error(secret)], secret, { cause: secret })],
    ["an error whose getters throw", throwing(secret)],
    ["an RpcError with the code ok", new RpcError(Code.Ok, secret, { trailer: metadata() })],
    [
      "an RpcError of a nested call",
      new RpcError(Code.Internal, "a nested call failed", {
        path: "a.B/C",
        origin: "remote",
        trailer: metadata(),
      }),
    ],
    [
      "a nested call that could not be sent",
      new RpcError(Code.Internal, secret, { path: "a.B/C", cause: secret }),
    ],
  ])("reaches callers as internal without its text: %s", async (_, thrown) => {
    const server = await serveEcho({
      unary: async () => {
        throw thrown;
      },
      serverStream: async function* () {
        yield {};
        throw thrown;
      },
    });
    ends.push(() => server.listener.close());
    for (const method of ["unary", "serverStream"]) {
      const { headers, wire } = await rawCall(server.listener.port, method);
      expect(headers["grpc-status"]).toBe("13");
      expect(headers["grpc-message"]).toMatch(
        /^(internal error|a nested call failed|internal%20error|a%20nested%20call%20failed)$/,
      );
      expect(wire).not.toContain(secret);
      expect(
        Object.keys(headers)
          .filter((name) => !name.startsWith(":"))
          .toSorted(),
      ).toEqual(expect.not.arrayContaining(["authorization", "grpc-status-details-bin"]));
      expect(wire).not.toMatch(/\.ts:\d|node:internal|at .*\(/);
    }
  });

  it("is no text of a response that cannot be serialised", async () => {
    const circular: { self?: object; [secret]: string } = { [secret]: secret };
    circular.self = circular;
    const hostile = {
      toJSON: () => {
        throw new Error(secret);
      },
    };
    for (const response of [circular, hostile, { n: 1n }]) {
      const server = await serveEcho({
        unary: async () => response,
        serverStream: async function* () {
          yield {};
          yield response;
        },
      });
      ends.push(() => server.listener.close());
      for (const method of ["unary", "serverStream"]) {
        const { headers, wire } = await rawCall(server.listener.port, method);
        expect(headers).toMatchObject({ "grpc-status": "13" });
        expect(decodeURIComponent(String(headers["grpc-message"]))).toBe("internal error");
        expect(wire).not.toContain(secret);
      }
      expect(server.gate.inflight).toBe(0);
    }
  });
});

describe("an error that is meant", () => {
  it("arrives with its details from all kinds of handlers, and as a declared error", async () => {
    const error = (): RpcError =>
      new OutOfStock("no more of it", { sku: "s-1" }, { details: [badRequest([{ field: "sku" }])] });
    const { connection } = await pair({
      unary: async () => {
        throw error();
      },
      serverStream: async function* () {
        yield {};
        throw error();
      },
      clientStream: () => Promise.reject(error()),
    });
    const failures = [
      connection.call(callOf("unary")),
      connection.call(callOf("clientStream", (async function* () {})())),
      connection.call(callOf("serverStream")).then(async (reply) => {
        for await (const _ of reply.response as AsyncIterable<object>);
      }),
    ];
    for (const { reason: received } of (await Promise.allSettled(failures)) as PromiseRejectedResult[]) {
      if (!OutOfStock.is(received)) throw new Error("not recognised");
      expect(received).toMatchObject({ origin: "remote", reason: "no more of it", metadata: { sku: "s-1" } });
      expect(received.detail(BadRequest)?.fieldViolations).toMatchObject([{ field: "sku" }]);
    }
  });

  it("has a status in its trailer that says the same as the call's, for a client of grpc-js alone", async () => {
    const server = await serveEcho({
      unary: async () => {
        throw new RpcError(Code.NotFound, "nej: ø \ud800", { details: [retryInfo(5)] });
      },
    });
    ends.push(() => server.listener.close());
    const client = new grpc.Client(`127.0.0.1:${server.listener.port}`, grpc.credentials.createInsecure());
    ends.push(() => client.close());
    const error = await new Promise<grpc.ServiceError | null>((resolve) => {
      const bytes = (message: object): Buffer => Buffer.from(JSON.stringify(message));
      client.makeUnaryRequest("/test.v1.Echo/unary", bytes, (b) => b, {}, resolve);
    });
    expect(error).toMatchObject({ code: grpc.status.NOT_FOUND, details: "nej: ø \ufffd" });
    const [bytes] = error!.metadata.get("grpc-status-details-bin") as [Buffer];
    const status = statusFile.message("google.rpc.Status").decode(bytes) as Status;
    expect(status).toMatchObject({ code: 5, message: error!.details });
  });

  it("is read from a server of grpc-js alone, and from one that sends nonsense", async () => {
    const trailer = new RpcError(Code.Aborted, "", { details: [retryInfo(5)] }).trailer;
    const sent: Buffer[] = [
      trailer.get("grpc-status-details-bin")[0] as Buffer,
      Buffer.from([0xff, 0xff]),
      Buffer.alloc(15_000, 0x0b),
    ];
    const seen: number[] = [];
    for (const bytes of sent) {
      const port = await foreignServer("/test.v1.Echo/unary", (call) => {
        const metadata = new grpc.Metadata();
        metadata.set("grpc-status-details-bin", bytes);
        call.emit("error", { code: grpc.status.ABORTED, details: "no", metadata });
      });
      const error = await (await connectTo(port)).call(callOf("unary")).catch(RpcError.from);
      expect(error).toMatchObject({ code: Code.Aborted, reason: "no", origin: "remote" });
      seen.push((error as RpcError).details.length);
    }
    expect(seen).toEqual([1, 0, 0]);
  });

  it("arrives with its code however long its words and details are, and takes no more than 8 KiB", async () => {
    const details = [retryInfo(5), localizedMessage("is", "x".repeat(100_000))];
    const filling = [localizedMessage("is", "x".repeat(3300))];
    const errors = [
      new RpcError(Code.Aborted, "ø".repeat(50_000), { details }),
      new RpcError(Code.Aborted, "%".repeat(50_000), { details: filling }),
      new RpcError(Code.Aborted, "x".repeat(200), { details: filling }),
    ];
    const server = await serveEcho({
      unary: async ({ n = 0 }: { n?: number }) => {
        throw errors[n]!;
      },
    });
    ends.push(() => server.listener.close());
    const connection = await connectTo(server.listener.port);
    for (let n = 0; n < errors.length; n++) {
      const error = await connection.call(callOf("unary", { n })).catch(RpcError.from);
      expect(error).toMatchObject({
        code: Code.Aborted,
        reason: expect.stringMatching(/^(ø+\.\.\.|%+\.\.\.|x+)$/),
      });
      expect((error as RpcError).details).toHaveLength(1);
      const { headers } = await rawCall(server.listener.port, "unary", { n });
      const size = Object.entries(headers).reduce(
        (sum, [key, value]) => sum + key.length + String(value).length + 32,
        0,
      );
      expect(size).toBeLessThan(8192);
    }
  });
});

function metadata(): grpc.Metadata {
  const result = new grpc.Metadata();
  result.set("authorization", secret);
  result.set("grpc-status-details-bin", Buffer.from(secret));
  return result;
}
