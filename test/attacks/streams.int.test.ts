import { createGrpcTransport, RpcError, Code, type Connection } from "@rollcall/core";
import { describe, expect, it } from "vitest";
import { echoCall, instanceAt } from "../transport/echo.js";
import { streamOf } from "../transport/scene.js";
import { held, Victim } from "./victim-process.js";

async function connectTo(victim: Victim): Promise<Connection> {
  const connection = createGrpcTransport().connect(instanceAt(`127.0.0.1:${victim.port}`));
  await expect.poll(() => connection.state).toBe("ready");
  return connection;
}

/** Until a number has stood still for a while. */
async function steady(read: () => Promise<number> | number): Promise<number> {
  let before = -1;
  for (let stood = 0; stood < 5;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const now = await read();
    stood = now === before ? stood + 1 : 0;
    before = now;
  }
  return before;
}

const text = "x".repeat(64 << 10);
const mb = (messages: number): number => (messages * text.length) / 1e6;

describe("streams of messages, 64 KB each", () => {
  it("hold a handler whose caller reads slowly: it is a few messages ahead", async () => {
    await using victim = await Victim.start();
    const connection = await connectTo(victim);
    const reply = await connection.call(echoCall("serverStream"));
    const reader = streamOf(reply)[Symbol.asyncIterator]();
    const taken = 50;
    for (let n = 0; n < taken; n++) await reader.next();
    const ahead = (await steady(async () => (await victim.stats()).messages)) - taken;
    held("server streaming, handler ahead of its reader", mb(ahead), 4, "MB");
    held("server streaming, memory", await victim.peakGrowthMb(), 32, "MB");
    await reader.return?.();
    await expect.poll(async () => (await victim.stats()).inflight).toBe(0);
    await connection.close(0);
  });

  it("hold a caller whose handler reads slowly: it is a few messages ahead", async () => {
    await using victim = await Victim.start();
    const connection = await connectTo(victim);
    for (const method of ["clientStream", "bidi"] as const) {
      let produced = 0;
      const before = (await victim.stats()).messages;
      const call = echoCall(
        method,
        (async function* () {
          for (;;) {
            produced++;
            // The first message tells clientStream to stop reading; bidi stops when its answers are not read.
            yield { stop: true, text };
          }
        })(),
      );
      const reply = connection.call(call);
      reply.catch(() => {});
      await expect.poll(() => produced).toBeGreaterThan(1);
      await steady(() => produced);
      const ahead = produced - ((await victim.stats()).messages - before);
      held(`${method}, caller ahead of the handler`, mb(ahead), 4, "MB");
      call.cancel(new RpcError(Code.Cancelled, "enough"));
      await expect.poll(async () => (await victim.stats()).inflight).toBe(0);
    }
    held("request streams, memory of the server", await victim.peakGrowthMb(), 32, "MB");
    await connection.close(0);
  });

  it("hold any number of handlers whose callers read one message and no more: 200 streams", async () => {
    await using victim = await Victim.start();
    const connection = await connectTo(victim);
    const replies = await Promise.all(
      Array.from({ length: 200 }, () => connection.call(echoCall("serverStream"))),
    );
    await Promise.all(replies.map((reply) => streamOf(reply)[Symbol.asyncIterator]().next()));
    await steady(async () => (await victim.stats()).messages);
    held("200 unread streams, memory", await victim.peakGrowthMb(), 128, "MB");
    await connection.close(0);
    await Promise.all(replies.map((reply) => reply.end));
    await expect.poll(async () => (await victim.stats()).inflight).toBe(0);
  });

  it("free their handlers when they are cancelled: 10,000 streams, and no memory stays", async () => {
    await using victim = await Victim.start();
    const cancelSome = async (count: number): Promise<void> => {
      let connection = await connectTo(victim);
      for (let n = 0; n < count; n += 50) {
        // More from one caller would be an attack.
        if (n % 1_000 === 0) {
          await connection.close(0);
          connection = await connectTo(victim);
        }
        await Promise.all(
          Array.from({ length: 50 }, async (_, i) => {
            const call = echoCall("serverStream", { wait: i % 2 === 0, small: true });
            const reply = await connection.call(call);
            if (i % 2 === 1) await streamOf(reply)[Symbol.asyncIterator]().next();
            call.cancel(new RpcError(Code.Cancelled, "enough"));
            await reply.end;
          }),
        );
      }
      await connection.close(0);
      await expect.poll(async () => (await victim.stats()).inflight, { timeout: 20_000 }).toBe(0);
    };
    await cancelSome(2_000);
    const { heap } = await victim.stats(true);
    await cancelSome(8_000);
    const { begun, ended, heap: after } = await victim.stats(true);
    // The handlers' `finally` ran, each of them.
    expect([begun, ended]).toEqual([10_200, 10_200]);
    held("8,000 more cancelled streams, heap", (after - heap) / 1e6, 4, "MB");
  }, 180_000);
});
