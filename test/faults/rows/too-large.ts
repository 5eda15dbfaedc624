import { Code, Metadata } from "@rollcall/app";
import { codeOfCall, ordersClient } from "../harness/client.js";
import type { RowContext } from "../harness/context.js";
import { forgetPeak, memoryOf } from "../harness/memory.js";
import { startService } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { startEtcd } from "../harness/steady-state.js";

const bounds = {
  others: { what: "answers other than resource_exhausted", unit: "", atMost: 0 },
  growthMb: { what: "the service's memory grew at most by", unit: "MB", atMost: 16 },
  after: { what: "calls failed afterwards", unit: "", atMost: 0 },
} as const;

type Send = (orders: ReturnType<typeof ordersClient>) => Promise<unknown>;

/** Sends it a few times to a service that is warm, and watches the service's memory meanwhile. */
async function send(
  context: RowContext,
  times: number,
  one: Send,
): Promise<Record<keyof typeof bounds, number>> {
  const etcd = await startEtcd(context);
  const service = await startService(context, etcd.url);
  const orders = ordersClient(context, etcd.url, { timeoutMs: 20_000 });
  const calls = async (count: number): Promise<number> => {
    const codes: number[] = [];
    for (let n = 0; n < count; n += 50)
      codes.push(
        ...(await Promise.all(Array.from({ length: 50 }, () => codeOfCall(orders.get({ id: "warm" }))))),
      );
    return codes.filter((code) => code !== 0).length;
  };
  // The heap of a young process grows whatever it is sent.
  await calls(5_000);
  forgetPeak(service.pid);
  const before = memoryOf(service.pid).residentMb;
  const codes: number[] = [];
  for (let n = 0; n < times; n++) codes.push(await codeOfCall(one(orders)));
  const peak = memoryOf(service.pid).peakMb;
  context.note(`codes ${codes.join(", ")}; memory ${before.toFixed(0)} MB, at most ${peak.toFixed(0)} MB`);
  return {
    others: codes.filter((code) => code !== Code.ResourceExhausted).length,
    growthMb: peak - before,
    after: await calls(100),
  };
}

export const largeMessage = defineRow({
  name: "large-message",
  fault: "A message far above the limit",
  inject: "100 MB sent, three times",
  pace: "normal",
  limitMs: 90_000,
  bounds,
  async run(context) {
    const payload = Buffer.alloc(100 << 20, 1);
    return await send(context, 3, (orders) => orders.put({ id: "1", payload }));
  },
});

export const muchMetadata = defineRow({
  name: "much-metadata",
  fault: "Far too much metadata",
  inject: "10 000 pairs sent, three times",
  pace: "normal",
  limitMs: 60_000,
  bounds,
  async run(context) {
    const metadata = new Metadata();
    for (let n = 0; n < 10_000; n++) metadata.set(`x-pair-${n}`, `value-${n}`);
    return await send(context, 3, (orders) => orders.get({ id: "1" }, { metadata }));
  },
});
