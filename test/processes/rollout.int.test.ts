import { createClient, type ClientOf } from "@rollcall/app";
import {
  createReceipt,
  createServedLedger,
  formatReceipt,
  keepStream,
  receiptInterceptor,
  startFleet,
  type Fleet,
  type Receipt,
  type ReceiptRecorder,
} from "@rollcall/testing/fleet";
import { describeEtcd } from "../etcd/describe-etcd.js";
import type { EtcdUnderTest } from "@rollcall/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Orders } from "../fixtures/gen/shop/v1/shop.js";
import { serviceCommand } from "./service-process.js";
import { startTraffic, type Traffic } from "./traffic.js";

const streamCount = 5;

/** What three kinds of callers have to say. */
interface Receipts {
  /** 100 calls/s that may be repeated. */
  readonly gets: Receipt;
  /** 100 calls/s that must run once. */
  readonly puts: Receipt;
  readonly streams: Receipt;
}

/** Calls and streams while `change` runs, and a moment longer. */
async function during(
  fleet: Fleet,
  orders: ClientOf<Orders>,
  change: (recorder: ReceiptRecorder, gets: Traffic) => Promise<unknown>,
): Promise<Receipts> {
  const ledger = createServedLedger();
  const remove = fleet.onMessage((member, message) => ledger.heard(member.name, message));
  const ending = new AbortController();
  const recorder = createReceipt();
  const streams = Array.from({ length: streamCount }, () =>
    keepStream({ recorder, signal: ending.signal, open: (_, signal) => orders.watch({}, { signal }) }),
  );
  await using gets = startTraffic({ ratePerSecond: 100, call: (n) => orders.get({ id: `${n}` }) });
  await using puts = startTraffic({ ratePerSecond: 100, call: (n) => orders.put({ id: `${n}` }) });
  try {
    await expect.poll(() => recorder.receipt().streams.opened).toBe(streamCount);
    await change(recorder, gets);
    await new Promise((resolve) => setTimeout(resolve, 500));
  } finally {
    ending.abort();
    await Promise.all(streams);
  }
  const put = await puts.end();
  remove();
  ledger.writeTo(recorder);
  return { gets: await gets.end(), puts: put, streams: recorder.receipt() };
}

function report(change: string, { gets, puts, streams }: Receipts): void {
  const { maxMs } = gets.maxMs > puts.maxMs ? gets : puts;
  const { reopened } = streams.streams;
  console.info(
    `${change}: ${gets.calls + puts.calls} calls, ${gets.dropped + puts.dropped} dropped, ${gets.retried + puts.retried} retried, slowest ${Math.round(maxMs)} ms; ${reopened} streams reopened, ${streams.streams.dropped} dropped`,
  );
}

function expectNothingLost({ gets, puts, streams }: Receipts): void {
  for (const receipt of [gets, puts]) expect(receipt.dropped, formatReceipt(receipt)).toBe(0);
  expect(streams.streams, formatReceipt(streams)).toMatchObject({ dropped: 0, opened: streamCount });
  expect(streams.duplicates).toBe(0);
}

describeEtcd("rollouts under load", (start) => {
  let etcd: EtcdUnderTest;
  let fleet: Fleet;
  let orders: ClientOf<Orders> & AsyncDisposable;

  beforeAll(async () => {
    etcd = await start();
    orders = createClient(Orders, { registry: etcd.url, interceptors: [receiptInterceptor] });
    fleet = await startFleet({
      size: 3,
      name: "orders",
      command: ({ port }) => serviceCommand(etcd.url, { ROLLCALL_PORT: `${port}` }),
    });
  });
  afterAll(async () => {
    await orders?.[Symbol.asyncDispose]();
    await fleet?.[Symbol.asyncDispose]();
    await etcd?.close();
  });

  it("loses nothing while each instance is restarted after the other", async () => {
    const receipts = await during(fleet, orders, async () => {
      for (const member of fleet.members) await member.restart({ port: member.index === 1 ? "new" : "same" });
    });
    report("rolling restart", receipts);
    expectNothingLost(receipts);
    expect(receipts.streams.streams.reopened).toBeGreaterThan(0);
    expect(Math.max(receipts.gets.maxMs, receipts.puts.maxMs)).toBeLessThan(1_000);
  });

  it("loses nothing while all instances are restarted at once", async () => {
    const receipts = await during(fleet, orders, async (recorder) => {
      await fleet.restartAll();
      // All that is promised is that they come back: how soon after the restart is for the machine to say.
      await expect
        .poll(() => recorder.receipt().streams.reopened, { timeout: 10_000 })
        .toBeGreaterThanOrEqual(streamCount);
    });
    report("restart of all at once", receipts);
    expectNothingLost(receipts);
  });

  it("loses no call that may be repeated when an instance is killed, and others only where it was", async () => {
    const [member] = fleet.members;
    const { address } = member!.current.serving!;
    let exitedMs = 0;
    const receipts = await during(fleet, orders, async (_, gets) => {
      await gets.succeeded(100);
      await member!.kill();
      exitedMs = performance.timeOrigin + performance.now();
      await new Promise((resolve) => setTimeout(resolve, 500));
      await member!.start("same");
    });
    report("kill -9 and a new start", receipts);
    const { gets, puts, streams } = receipts;
    expect(gets.dropped, formatReceipt(gets)).toBe(0);
    expect(streams.duplicates).toBe(0);
    for (const { instance, atMs } of [...puts.firstDropped, ...streams.firstDropped]) {
      expect(instance).toBe(address);
      expect(atMs).toBeLessThan(exitedMs + 250);
    }
    // What goes there in a second, of 100 calls/s: a busy machine may need as long for calls of 5 ms.
    expect(puts.dropped).toBeLessThan(34);
  });
});
