import { describe, expect, it } from "vitest";
import { callHeaders, EndHeaders, Frame, frame, prefix, RawConnection } from "./raw-connection.js";
import { held, Victim } from "./victim-process.js";

const call = (id: number, method: string): Buffer =>
  frame(Frame.Headers, EndHeaders, id, callHeaders(`/test.v1.Echo/${method}`));

function message(id: number, value: object): Buffer {
  const body = Buffer.from(JSON.stringify(value));
  return frame(Frame.Data, 0, id, Buffer.concat([prefix(body.length), body]));
}

describe("connections and streams that hold on to a server", () => {
  it("are closed when they send no preface: 300 sockets", async () => {
    await using victim = await Victim.start();
    const sockets = await Promise.all(
      Array.from({ length: 300 }, () => RawConnection.open(victim.port, { hello: false })),
    );
    expect(sockets.every((socket) => socket.isOpen)).toBe(true);
    const lived = await Promise.all(sockets.map((socket) => socket.closed));
    held("300 silent sockets, the last closed", Math.max(...lived), 6_500, "ms");
    held("300 silent sockets, memory", await victim.peakGrowthMb(), 48, "MB");
  });

  it("are closed when they have no calls for long", async () => {
    await using victim = await Victim.start({ connectionIdleMs: 300 });
    using idle = await RawConnection.open(victim.port);
    held("idle connection closed (limit 300 ms)", await idle.closed, 2_000, "ms");
  });

  it("are closed when their peer no longer answers pings, and their handlers end", async () => {
    await using victim = await Victim.start({ keepaliveIntervalMs: 200, keepaliveTimeoutMs: 200 });
    using connection = await RawConnection.open(victim.port);
    const id = connection.stream();
    await connection.send(call(id, "bidi"));
    await connection.send(message(id, {}));
    await expect.poll(async () => (await victim.stats()).inflight).toBe(1);
    held("dead peer, connection closed (limit 400 ms)", await connection.closed, 2_000, "ms");
    await expect.poll(async () => (await victim.stats()).ended).toBe(201);
  });

  it("end when END_STREAM is withheld: without a body, with half of one, and with all of it", async () => {
    await using victim = await Victim.start({ requestTimeoutMs: 500 });
    using connection = await RawConnection.open(victim.port);
    for (let n = 0; n < 100; n++) {
      const [bare, half, whole] = [connection.stream(), connection.stream(), connection.stream()];
      await connection.send(
        Buffer.concat([
          call(bare, "unary"),
          call(half, "unary"),
          frame(Frame.Data, 0, half, prefix(100)),
          call(whole, "serverStream"),
          message(whole, {}),
        ]),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    // All thousand streams of the connection are free again.
    let taken = 0;
    for (let n = 0; n < 1_000; n++) {
      const id = connection.stream();
      await connection.send(Buffer.concat([call(id, "clientStream"), message(id, { stop: true })]));
      taken++;
    }
    await expect.poll(async () => (await victim.stats()).inflight, { timeout: 10_000 }).toBe(taken);
    connection[Symbol.dispose]();
    await expect.poll(async () => (await victim.stats()).inflight).toBe(0);
  });
});
