import { Orders } from "../../fixtures/gen/shop/v1/shop.js";
import { countsOf, idOf, startService } from "../harness/processes.js";
import { RawClient } from "../harness/raw-client.js";
import { defineRow } from "../harness/row.js";
import { startEtcd } from "../harness/steady-state.js";

const each = 10;

export const halfOpenStream = defineRow({
  name: "half-open-stream",
  fault: "Callers that never end their request",
  inject:
    "10 unary requests cut off in the middle and 10 client streams after one message, END_STREAM withheld, no deadline",
  pace: "normal",
  limitMs: 120_000,
  bounds: {
    unaryMs: { what: "the last unary call reaped", unit: "ms", atMost: 60_000 },
    // By the default deadline of 60 s; a timer and the way back come on top.
    streamMs: { what: "the last client stream reaped", unit: "ms", atMost: 60_500 },
    open: { what: "handlers left", unit: "", atMost: 0 },
  },
  async run(context) {
    const etcd = await startEtcd(context);
    const service = await startService(context, etcd.url);
    const client = context.use(await RawClient.connect(idOf(service)));
    const { get, import: imports } = Orders.methods;
    const unary = Array.from({ length: each }, () =>
      client.call(get, { id: "half" }, { end: false, bytes: 7 }),
    );
    const streams = Array.from({ length: each }, () => client.call(imports, { id: "1" }, { end: false }));
    await context.until(
      "the streams' handlers run",
      5_000,
      async () => (await countsOf(service)).open >= each,
    );
    const last = async (calls: typeof unary): Promise<number> => {
      const ends = await Promise.race([Promise.all(calls.map(({ ended }) => ended)), context.sleep(75_000)]);
      if (!ends) return Infinity;
      context.note(`status ${ends[0]?.status} ${ends[0]?.message}`);
      return Math.max(...ends.map(({ tookMs }) => tookMs));
    };
    const [unaryMs, streamMs] = await Promise.all([last(unary), last(streams)]);
    await context.sleep(100);
    return { unaryMs, streamMs, open: (await countsOf(service)).open };
  },
});
