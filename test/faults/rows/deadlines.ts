import { Code } from "@rollcall/app";
import { Orders } from "../../fixtures/gen/shop/v1/shop.js";
import { codeOfCall, ordersClient } from "../harness/client.js";
import { countsOf, idOf, startService } from "../harness/processes.js";
import { RawClient } from "../harness/raw-client.js";
import { defineRow } from "../harness/row.js";
import { startEtcd } from "../harness/steady-state.js";

const monthMs = 30 * 86_400_000;
const repeats = 20;

export const deadlinePast = defineRow({
  name: "deadline-past",
  fault: "A deadline of 0, or before now",
  inject: "20 calls with `timeoutMs` 0 and 20 with -5000",
  pace: "fast",
  limitMs: 60_000,
  bounds: {
    slowestMs: { what: "the slowest answer", unit: "ms", atMost: 10 },
    others: { what: "answers other than deadline_exceeded", unit: "", atMost: 0 },
    handled: { what: "handlers called", unit: "", atMost: 0 },
  },
  async run(context) {
    const etcd = await startEtcd(context);
    const service = await startService(context, etcd.url);
    const orders = ordersClient(context, etcd.url);
    for (let n = 0; n < 50; n++) await orders.get({ id: "warm" });
    const before = (await countsOf(service)).begun.get;
    let slowestMs = 0;
    let others = 0;
    for (const timeoutMs of [0, -5_000]) {
      for (let n = 0; n < repeats; n++) {
        const from = performance.now();
        const code = await codeOfCall(orders.get({ id: "1" }, { timeoutMs }));
        slowestMs = Math.max(slowestMs, performance.now() - from);
        if (code !== Code.DeadlineExceeded) others++;
      }
    }
    return { slowestMs, others, handled: (await countsOf(service)).begun.get - before };
  },
});

export const deadlineFar = defineRow({
  name: "deadline-far",
  fault: "A deadline of 30 days, or not a number",
  inject: "20 calls of 30 d by our client, 20 with `grpc-timeout: 720H` on the wire, one of NaN",
  pace: "fast",
  limitMs: 60_000,
  bounds: {
    own: { what: "our calls of 30 d failed", unit: "", atMost: 0 },
    foreign: { what: "calls of 720H on the wire failed", unit: "", atMost: 0 },
    nan: { what: "code of NaN (3 is invalid_argument)", unit: "", atLeast: 3, atMost: 3 },
  },
  async run(context) {
    const etcd = await startEtcd(context);
    const service = await startService(context, etcd.url);
    const orders = ordersClient(context, etcd.url);
    const raw = context.use(await RawClient.connect(idOf(service)));
    let own = 0;
    let foreign = 0;
    for (let n = 0; n < repeats; n++) {
      if ((await codeOfCall(orders.get({ id: "sleep:20" }, { timeoutMs: monthMs }))) !== 0) own++;
      const { status, message } = await raw.call(Orders.methods.get, { id: "sleep:20" }, { timeout: "720H" })
        .ended;
      if (status !== 0 && foreign++ === 0) context.note(`720H: [${status}] ${message}`);
    }
    return { own, foreign, nan: await codeOfCall(orders.get({ id: "1" }, { timeoutMs: Number.NaN })) };
  },
});
