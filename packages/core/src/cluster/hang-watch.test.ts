import { describe, expect, it } from "vitest";
import { FakeClock, settle } from "@rollcall/testing/clock";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { callOn, instance, method } from "../fixtures/contracts.js";
import { answer, FakeTransport } from "../fixtures/fake-transport.js";
import { HangWatch } from "./hang-watch.js";

const unavailable = new RpcError(Code.Unavailable, "no link");

/** A watch over a connection whose answers to questions a test gives. */
function setup(options: { readonly link?: boolean; readonly hangTimeoutMs?: number } = {}) {
  const { link = true, hangTimeoutMs } = options;
  const clock = new FakeClock();
  const transport = new FakeTransport();
  const connection = transport.connect(instance("a"));
  const pings: { readonly atMs: number; answer(): void; fail(): void; readonly signal: AbortSignal }[] = [];
  const ask = (signal: AbortSignal): Promise<void> => {
    const pong = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => pong.reject(signal.reason as Error));
    const fail = (): void => pong.reject(unavailable);
    pings.push({ atMs: clock.now() - startMs, answer: () => pong.resolve(), fail, signal });
    return pong.promise;
  };
  if (link) connection.ping = ask;
  connection.respond = async (call) => {
    await ask(call.signal);
    return answer({ status: "SERVING" });
  };
  const aborted: string[] = [];
  connection.abort = (reason) => {
    // One that nobody repeats, one for which there is no budget, and one that is repeated.
    const calls = [callOn(), callOn(), callOn(method("unary", { path: "/test.v1.Echo/Get" }))] as const;
    calls[1].claimRetry = () => false;
    calls[2].claimRetry = () => true;
    for (const each of calls) {
      const error = reason(each);
      if (error) aborted.push(`${error.message} ${error.processed}`);
    }
  };
  const stats = { inflight: 0 };
  const changes: boolean[] = [];
  const startMs = clock.now();
  const watch = new HangWatch({
    service: "test.v1.Echo",
    name: "a",
    connection,
    clock,
    random: () => 0.5,
    hangTimeoutMs,
    stats,
    onChange: (hung) => changes.push(hung),
  });
  const send = (): void => {
    stats.inflight++;
    watch.sent(clock.now());
  };
  const hear = (): void => {
    stats.inflight--;
    watch.heard(clock.now());
  };
  const asked = (): number[] => pings.map(({ atMs }) => atMs);
  return { clock, connection, pings, asked, stats, changes, watch, send, hear, aborted };
}

/** The answer is overdue after 500 ms, and what has arrived then has had its moment. */
const verdictMs = 510;

describe("the watch for hangs", () => {
  it("asks nothing while answers come, however many calls there are", async () => {
    const { clock, send, hear, pings } = setup();
    for (let n = 0; n < 200; n++) {
      send();
      await clock.advance(40);
      send();
      hear();
      await clock.advance(40);
      hear();
    }
    expect(pings).toEqual([]);
  });

  it("asks after 500 ms of silence, and takes 500 ms more of it for a hang", async () => {
    const { clock, send, watch, asked, changes } = setup();
    await clock.advance(100);
    send();
    await clock.advance(200);
    send();
    await clock.advance(299);
    expect(asked()).toEqual([]);
    await clock.advance(1);
    expect(asked()).toEqual([600]);
    await clock.advance(verdictMs - 1);
    expect(watch.hung).toBe(false);
    await clock.advance(1);
    expect(watch.hung).toBe(true);
    expect(changes).toEqual([true]);
  });

  it("ends the calls that are repeated when it is told to, if it hangs, and lets the others wait", async () => {
    const { clock, send, aborted, watch } = setup();
    send();
    await clock.advance(500 + verdictMs - 1);
    watch.endCalls();
    expect(aborted).toEqual([]);
    await clock.advance(1);
    expect(aborted).toEqual([]);
    watch.endCalls();
    expect(aborted).toEqual(["test.v1.Echo/Get [unavailable]: a has stopped answering unknown"]);
  });

  it("finds a hang though every call gives up sooner than that", async () => {
    const { clock, send, stats, watch } = setup();
    for (let n = 0; n < 11; n++) {
      send();
      await clock.advance(95);
      stats.inflight--;
      await clock.advance(5);
    }
    expect(watch.hung).toBe(true);
  });

  it("costs a slow handler a question, and fewer as it goes on", async () => {
    const { clock, send, pings, asked, changes } = setup();
    send();
    for (let second = 0; second < 60; second++) {
      await clock.advance(1_000);
      for (const ping of pings) ping.answer();
      await settle();
    }
    expect(asked().length).toBeLessThan(11);
    expect(changes).toEqual([]);
    // A new call is not left waiting for that long.
    const before = asked().length;
    send();
    await clock.advance(500);
    expect(asked().length).toBe(before + 1);
  });

  it("believes it again when the answer comes late, or anything else does", async () => {
    const late = setup();
    late.send();
    await late.clock.advance(500 + verdictMs);
    late.pings[0]!.answer();
    await settle();
    expect(late.changes).toEqual([true, false]);
    const other = setup();
    other.send();
    await other.clock.advance(500 + verdictMs);
    other.hear();
    expect(other.changes).toEqual([true, false]);
    expect(other.pings[0]?.signal.aborted).toBe(true);
  });

  it("asks one that hangs again and again, with pauses that grow to 5 s", async () => {
    const { clock, send, asked, pings, changes } = setup();
    send();
    await clock.advance(40_000);
    const pauses = asked().map((atMs, n, all) => atMs - (all[n - 1] ?? 0));
    expect(pauses.slice(1).map((ms) => Math.round(ms / 100) / 10)).toEqual([1, 1, 2, 4, 5, 5, 5, 5, 5, 5]);
    expect(pings.filter(({ signal }) => !signal.aborted)).toHaveLength(1);
    pings.at(-1)?.answer();
    await settle();
    expect(changes).toEqual([true, false]);
  });

  it("does not take a time in which this process stood still for silence", async () => {
    const { clock, send, watch, pings } = setup();
    send();
    await clock.advance(500);
    clock.skip(60_000);
    await clock.advance(0);
    expect(watch.hung).toBe(false);
    await clock.advance(399);
    clock.skip(60_000);
    await clock.advance(0);
    expect(watch.hung).toBe(false);
    // What had arrived is read before it decides.
    pings[0]?.answer();
    await clock.advance(10);
    expect(watch.hung).toBe(false);
  });

  it("asks by the health protocol where there is no link, and any answer will do", async () => {
    const { clock, send, watch, connection } = setup({ link: false });
    connection.respond = () =>
      Promise.reject(new RpcError(Code.Unimplemented, "unknown service", { origin: "remote" }));
    send();
    await clock.advance(5_000);
    expect(connection.calls.length).toBeGreaterThan(1);
    expect(connection.calls[0]?.method.path).toBe("/grpc.health.v1.Health/Check");
    expect(watch.hung).toBe(false);
    connection.respond = () => new Promise(() => {});
    watch.heard(clock.now());
    await clock.advance(500 + verdictMs);
    expect(watch.hung).toBe(true);
    expect(connection.calls.at(-1)?.cancelReason).toBeUndefined();
    watch.close();
    expect(connection.calls.at(-1)?.cancelReason).toBeDefined();
  });

  it("leaves a broken connection to those who look after it", async () => {
    const { clock, send, pings, watch, changes, connection } = setup();
    send();
    await clock.advance(500);
    connection.respond = () => Promise.reject(unavailable);
    connection.ping = () => Promise.reject(unavailable);
    pings[0]?.fail();
    await clock.advance(30_000);
    expect(changes).toEqual([]);
    connection.state = "failed";
    watch.connectionChanged("failed");
    expect(clock.pending).toBe(0);
  });

  it("starts anew with each connection", async () => {
    const { clock, send, watch, stats } = setup();
    send();
    await clock.advance(500 + verdictMs);
    expect(watch.hung).toBe(true);
    watch.connectionChanged("failed");
    expect(watch.hung).toBe(false);
    expect(clock.pending).toBe(0);
    stats.inflight = 0;
    watch.connectionChanged("ready");
    await clock.advance(5_000);
    expect(watch.hung).toBe(false);
  });

  it("asks over an idle link every 10 s, and gives it 5 s, or 1 s once a call waits", async () => {
    const { clock, asked, pings, watch, send } = setup();
    await clock.advance(10_000);
    expect(asked()).toEqual([10_000]);
    pings[0]?.answer();
    await clock.advance(10_000);
    expect(asked()).toEqual([10_000, 20_000]);
    await clock.advance(5_009);
    expect(watch.hung).toBe(false);
    await clock.advance(1);
    expect(watch.hung).toBe(true);
    pings[1]?.answer();
    await clock.advance(11_000);
    expect(asked()).toHaveLength(3);
    send();
    await clock.advance(1_011);
    expect(watch.hung).toBe(true);
  });

  it("asks nothing of an idle connection without a link, nor when it is off, and leaves no timer", async () => {
    const plain = setup({ link: false });
    plain.send();
    plain.hear();
    await plain.clock.advance(120_000);
    expect(plain.pings).toEqual([]);
    expect(plain.clock.pending).toBe(0);
    const off = setup({ hangTimeoutMs: 0 });
    off.send();
    await off.clock.advance(120_000);
    expect(off.pings).toEqual([]);
    const linked = setup();
    linked.send();
    await linked.clock.advance(700);
    linked.watch.close();
    expect(linked.clock.pending).toBe(0);
    expect(linked.pings[0]?.signal.aborted).toBe(true);
  });
});
