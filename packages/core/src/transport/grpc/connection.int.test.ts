import { FakeClock } from "@rollcall/testing/clock";
import { afterEach, describe, expect, it, vi } from "vitest";
import { instance, method } from "../../fixtures/contracts.js";
import { freePort, rawServer } from "../../fixtures/sockets.js";
import { createCall } from "../../call/pipeline-call.js";
import { Metadata } from "@grpc/grpc-js";
import type { Connection } from "../../ports/transport.js";
import type { Listener } from "../../ports/transport.js";
import type { ConnectionState } from "../../ports/endpoint.js";
import { Code } from "../../code.js";
import { createGrpcServerTransport } from "./server.js";
import { createGrpcTransport, type GrpcTransportOptions } from "./transport.js";
import { okEnd } from "../../call/end.js";

const open: Connection[] = [];
const listeners: Listener[] = [];

function connect(port: number, options: GrpcTransportOptions = {}): Connection {
  const transport = createGrpcTransport({ connectTimeoutMs: 100, ...options });
  const connection = transport.connect(instance("a", { address: `127.0.0.1:${port}` }));
  open.push(connection);
  return connection;
}

async function serve(port = 0): Promise<Listener> {
  const transport = createGrpcServerTransport({ host: "127.0.0.1", port });
  const echo = { name: "test.v1.Echo", methods: { say: method() }, file: undefined as never };
  const listener = await transport.listen(
    [echo],
    async (call) => ({
      header: new Metadata(),
      end: Promise.resolve(okEnd()),
      responseStream: false,
      response: call.request,
    }),
    new AbortController().signal,
  );
  listeners.push(listener);
  return listener;
}

function unary(deadlineMs = 5_000): ReturnType<typeof createCall> {
  return createCall({
    method: method(),
    metadata: new Metadata(),
    deadline: Date.now() + deadlineMs,
    request: { text: "hi" },
  });
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close(0)));
  await Promise.all(listeners.splice(0).map((each) => each.close()));
});

describe("a connection over TCP", () => {
  it("gives up a peer that accepts and stays silent, and asks it again, less and less often", async () => {
    await using silent = await rawServer();
    const connection = connect(silent.port, { random: () => 1 });
    expect(connection.state).toBe("connecting");
    await expect.poll(() => connection.state).toBe("failed");
    await expect(connection.call(unary())).rejects.toMatchObject({ code: Code.Unavailable, processed: "no" });
    await expect.poll(() => silent.accepted).toBeGreaterThanOrEqual(3);
    expect(connection.state).toBe("failed");
    // What was given up must not stay open.
    await expect.poll(() => silent.open).toBeLessThanOrEqual(1);
  });

  it("may be closed by who is told that it has failed", async () => {
    const connection = connect(await freePort());
    const thrown = vi.fn();
    process.on("uncaughtExceptionMonitor", thrown).on("unhandledRejection", thrown);
    const closed = new Promise((resolve) => {
      connection.onChange((state) => state === "failed" && resolve(connection.close(0)));
    });
    await closed;
    await new Promise((resolve) => setImmediate(resolve));
    process.off("uncaughtExceptionMonitor", thrown).off("unhandledRejection", thrown);
    expect(thrown).not.toHaveBeenCalled();
  });

  it("is gone for good when it is closed by who is told that it is lost, or has failed", async () => {
    const clock = new FakeClock();
    const closes = (connection: Connection, at: ConnectionState): Promise<void> =>
      new Promise((resolve) =>
        connection.onChange((state) => void (state === at && connection.close(0).then(resolve))),
      );
    const server = await serve();
    const lost = connect(server.port, { clock });
    await expect.poll(() => lost.state).toBe("ready");
    const lostAndClosed = closes(lost, "connecting");
    await server.close();
    await lostAndClosed;
    expect(clock.pending).toBe(0);
    await using quiet = await rawServer();
    const silent = connect(quiet.port, { clock });
    const silentAndClosed = closes(silent, "failed");
    await clock.advance(100);
    await silentAndClosed;
    expect(clock.pending).toBe(0);
    expect([lost.state, silent.state]).toEqual(["closed", "closed"]);
  });

  it("fails on a refused port, and is ready once something listens there", async () => {
    const port = await freePort();
    const connection = connect(port);
    await expect.poll(() => connection.state).toBe("failed");
    await serve(port);
    await expect.poll(() => connection.state, { timeout: 5_000 }).toBe("ready");
    expect(await connection.call(unary())).toMatchObject({ response: { text: "hi" } });
  });

  it("does not come back for a server that listens once it is closed", async () => {
    const port = await freePort();
    const connection = connect(port);
    await new Promise<void>((resolve) =>
      connection.onChange((state) => {
        // In grpc-js' pause before it connects again, which is of 100 ms.
        if (state === "failed") resolve();
      }),
    );
    await connection.close(0);
    await using server = await rawServer(undefined, port);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(server.accepted).toBe(0);
  });

  it("finds a server at an address that was first refused and then silent", async () => {
    const port = await freePort();
    const connection = connect(port);
    await expect.poll(() => connection.state).toBe("failed");
    const silent = await rawServer(() => {}, port);
    await expect.poll(() => silent.accepted, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
    await silent[Symbol.asyncDispose]();
    await serve(port);
    await expect.poll(() => connection.state, { timeout: 5_000 }).toBe("ready");
  });

  it("survives a peer that resets", async () => {
    await using hostile = await rawServer((socket) => socket.resetAndDestroy());
    const connection = connect(hostile.port);
    await expect.poll(() => connection.state).toBe("failed");
    const { port, accepted } = hostile;
    expect(accepted).toBeGreaterThanOrEqual(1);
    await hostile[Symbol.asyncDispose]();
    await serve(port);
    await expect.poll(() => connection.state, { timeout: 5_000 }).toBe("ready");
  });

  it("survives a peer that speaks something else", async () => {
    await using hostile = await rawServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const connection = connect(hostile.port);
    await expect.poll(() => connection.state).toBe("failed");
  });

  it("can be moved to another run of its instance, and neither ends the other's calls", async () => {
    const listener = await serve();
    const address = `127.0.0.1:${listener.port}`;
    const next = instance("a", { incarnation: "2-b", address });
    const connection = connect(listener.port);
    expect(connection.moveTo?.(next)).toBeUndefined();
    await expect.poll(() => connection.state).toBe("ready");
    expect(connection.moveTo?.({ ...next, address: "127.0.0.1:1" })).toBeUndefined();
    const moved = connection.moveTo!(next)!;
    open.push(moved);
    expect(moved.state).toBe("ready");
    const under = connection.call(unary());
    await connection.close(5_000);
    await expect(under).resolves.toMatchObject({ response: { text: "hi" } });
    await expect(moved.call(unary())).resolves.toMatchObject({ response: { text: "hi" } });
    expect(listener.peers()).toHaveLength(1);
    expect(connection.moveTo?.(next)).toBeUndefined();
    await listener.close();
    await expect.poll(() => moved.state).not.toBe("ready");
    await serve(listener.port);
    await expect.poll(() => moved.state, { timeout: 5_000 }).toBe("ready");
    await moved.close(0);
  });

  it("can be moved while it is being made, and then gives up a silent peer too", async () => {
    await using silent = await rawServer();
    const connection = connect(silent.port, { connectTimeoutMs: 1_000 });
    const next = instance("a", { incarnation: "2-b", address: `127.0.0.1:${silent.port}` });
    const moving = (): Connection => {
      const moved = connection.moveTo?.(next);
      expect(moved).toBeDefined();
      return moved!;
    };
    const moved = await vi.waitFor(moving, 10_000);
    open.push(moved);
    await connection.close(0);
    expect([moved.state, silent.accepted]).toEqual(["connecting", 1]);
    await expect.poll(() => moved.state, { timeout: 5_000 }).toBe("failed");
    await expect.poll(() => silent.accepted).toBe(2);
    // What was given up must not stay open.
    await expect.poll(() => silent.open).toBeLessThanOrEqual(1);
  });

  it("tells its listeners of each change, until they are removed", async () => {
    const listener = await serve();
    const connection = connect(listener.port);
    const seen: ConnectionState[] = [];
    const removed: ConnectionState[] = [];
    connection.onChange((state) => seen.push(state));
    connection.onChange((state) => removed.push(state))();
    await expect.poll(() => connection.state).toBe("ready");
    await connection.close(0);
    expect(seen).toEqual(["ready", "closed"]);
    expect(removed).toEqual([]);
    await expect(connection.call(unary())).rejects.toMatchObject({ code: Code.Unavailable, processed: "no" });
  });
});

describe("an odd address from a registry", () => {
  it("is refused at once or fails as a connection does, and ends nothing else", async () => {
    const odd = ["", "a b:1", "http://x:80", "[::1", "[::1]:99999", "unix:///x", "%:1", "nowhere.invalid:1"];
    const transport = createGrpcTransport({ connectTimeoutMs: 100 });
    const outcomes = odd.map((address) => {
      try {
        const connection = transport.connect(instance("a", { address }));
        open.push(connection);
        return connection;
      } catch (error) {
        return error;
      }
    });
    const connections = outcomes.filter((each): each is Connection => !(each instanceof Error));
    await expect.poll(() => connections.every((each) => each.state === "failed")).toBe(true);
    expect(connections.length).toBeGreaterThan(0);
  });
});
