import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  callHeaders,
  EndHeaders,
  EndStream,
  field,
  Frame,
  frame,
  prefix,
  RawConnection,
} from "./raw-connection.js";
import { held, Victim } from "./victim-process.js";

const unary = "/test.v1.Echo/unary";
const largestFrame = 16_384;

function dataFrames(stream: number, bytes: Buffer, end: boolean): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += largestFrame) {
    const last = at + largestFrame >= bytes.length;
    frames.push(
      frame(Frame.Data, last && end ? EndStream : 0, stream, bytes.subarray(at, at + largestFrame)),
    );
  }
  return Buffer.concat(frames);
}

describe("the memory of a server under attack", () => {
  it("is bounded for header fields that HPACK lets one byte stand for (1.2 MB on the wire)", async () => {
    await using victim = await Victim.start();
    using connection = await RawConnection.open(victim.port);
    const first = connection.stream();
    const block = callHeaders(unary, field("x", "y".repeat(3_900), true));
    await connection.send(frame(Frame.Headers, EndHeaders, first, block));
    // Fifteen times the same field by its index in the table.
    const repeated = callHeaders(unary, Buffer.alloc(15, 0xbe));
    const most = Math.floor(1_200_000 / (repeated.length + 9));
    const sent = await connection.flood(
      () => frame(Frame.Headers, EndHeaders, connection.stream(), repeated),
      most,
    );
    console.log(`HPACK: ${sent} streams`);
    held("HPACK, memory", await victim.peakGrowthMb(), 160, "MB");
    held("HPACK, next call of another", await victim.answers(), 1_000, "ms");
  });

  it("is bounded for 500 compressed messages at once, 4 KB each that become 4 MB", async () => {
    await using victim = await Victim.start();
    const bomb = gzipSync(Buffer.from(JSON.stringify({ hold: true, text: "x".repeat(4_000_000) })));
    using connection = await RawConnection.open(victim.port);
    const headers = callHeaders(unary, field("grpc-encoding", "gzip"));
    const calls = Array.from({ length: 500 }, () => {
      const id = connection.stream();
      const body = Buffer.concat([prefix(bomb.length, true), bomb]);
      return Buffer.concat([frame(Frame.Headers, EndHeaders, id, headers), dataFrames(id, body, true)]);
    });
    await connection.send(Buffer.concat(calls));
    await expect.poll(async () => (await victim.stats()).begun, { timeout: 20_000 }).toBeGreaterThan(210);
    held("gzip bombs, next call of another", await victim.answers(), 2_000, "ms");
    console.log(`gzip bombs: ${(await victim.stats()).inflight} of 500 got to their handler`);
    held("gzip bombs, memory", await victim.peakGrowthMb(), 400, "MB");
  });

  it("is bounded for 20,000 streams that send headers and nothing more, on one connection", async () => {
    await using victim = await Victim.start();
    using connection = await RawConnection.open(victim.port);
    const headers = callHeaders(unary);
    await connection.flood(() => frame(Frame.Headers, EndHeaders, connection.stream(), headers), 20_000);
    await expect.poll(() => connection.isOpen).toBe(false);
    held("header-only streams, one connection, memory", await victim.peakGrowthMb(), 48, "MB");
    held("header-only streams, one connection, next call of another", await victim.answers(), 1_000, "ms");
  });

  it("is bounded for 60,000 such streams on 60 connections", async () => {
    await using victim = await Victim.start();
    const headers = callHeaders(unary);
    const connections: RawConnection[] = [];
    for (let n = 0; n < 60; n++) {
      const connection = await RawConnection.open(victim.port);
      connections.push(connection);
      await connection.flood(() => frame(Frame.Headers, EndHeaders, connection.stream(), headers), 1_000);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    held("header-only streams, 60 connections, memory", await victim.peakGrowthMb(), 320, "MB");
    for (const connection of connections) connection[Symbol.dispose]();
    await expect.poll(() => victim.answers().catch(() => -1), { timeout: 20_000 }).toBeGreaterThan(0);
  });

  it("does not grow with a message of 100 MB, which is refused by its length", async () => {
    await using victim = await Victim.start();
    using connection = await RawConnection.open(victim.port);
    const id = connection.stream();
    const begun = Buffer.concat([prefix(100_000_000), Buffer.alloc(16_000)]);
    await connection.send(
      Buffer.concat([frame(Frame.Headers, EndHeaders, id, callHeaders(unary)), dataFrames(id, begun, false)]),
    );
    // It ignores the answer and the reset, and sends the rest.
    const data = frame(Frame.Data, 0, id, Buffer.alloc(16_000));
    await connection.flood(() => data, 6_250, 50);
    held("100 MB message, memory", await victim.peakGrowthMb(), 16, "MB");
    held("100 MB message, next call of another", await victim.answers(), 1_000, "ms");
  });

  it("does not grow with 10,000 metadata pairs, which are refused", async () => {
    await using victim = await Victim.start();
    for (let n = 0; n < 20; n++) {
      using connection = await RawConnection.open(victim.port);
      const id = connection.stream();
      const pairs = Buffer.concat(Array.from({ length: 10_000 }, (_, n) => field(`x-${n}`, "v")));
      await connection.send(frame(Frame.Headers, EndStream, id, callHeaders(unary)));
      for (let at = 0; at < pairs.length; at += 16_000) {
        const last = at + 16_000 >= pairs.length;
        await connection.send(
          frame(Frame.Continuation, last ? EndHeaders : 0, id, pairs.subarray(at, at + 16_000)),
        );
      }
    }
    expect((await victim.stats()).begun).toBe(200);
    held("10,000 metadata pairs, memory", await victim.peakGrowthMb(), 16, "MB");
    held("10,000 metadata pairs, next call of another", await victim.answers(), 1_000, "ms");
  });
});
