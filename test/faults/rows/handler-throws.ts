import { Code } from "@rollcall/app";
import { Orders } from "../../fixtures/gen/shop/v1/shop.js";
import { failed, reasons } from "../harness/calls.js";
import { idOf, startService } from "../harness/processes.js";
import { RawClient } from "../harness/raw-client.js";
import { defineRow } from "../harness/row.js";
import { startEtcd, steadyState } from "../harness/steady-state.js";

const allowed: readonly number[] = [Code.Unknown, Code.Internal];

export const handlerThrows = defineRow({
  name: "handler-throws",
  fault: "A handler throws undefined, a string, an Error",
  inject: "20 of each, amid 200 calls/s",
  pace: "fast",
  limitMs: 90_000,
  bounds: {
    others: { what: "answers other than code 2 or 13", unit: "", atMost: 0 },
    leaks: { what: "answers with the thrown text in them", unit: "", atMost: 0 },
    failed: { what: "other calls failed", unit: "", atMost: 0 },
    exits: { what: "processes that ended", unit: "", atMost: 0 },
  },
  async run(context) {
    const { services, caller } = await steadyState(context);
    const raw = context.use(await RawClient.connect(idOf(services[0]!)));
    let others = 0;
    let leaks = 0;
    for (let n = 0; n < 20; n++) {
      for (const id of ["throw-undefined", "throw-string", "throw-error"]) {
        const { status, said, message } = await raw.call(Orders.methods.get, { id }).ended;
        if (!allowed.includes(status)) others++;
        if (`${said} ${message}`.includes("secret")) leaks++;
      }
    }
    await context.sleep(500);
    await caller.end();
    for (const reason of reasons(caller.calls)) context.note(reason);
    return {
      others,
      leaks,
      failed: failed(caller.calls).length,
      exits: services.filter(({ state }) => state !== "serving").length,
    };
  },
});

export const handlerNeverEnds = defineRow({
  name: "handler-never-ends",
  fault: "A handler never resolves, and the caller set no deadline",
  inject: "a promise that stays pending; no `grpc-timeout` on the wire",
  pace: "normal",
  limitMs: 120_000,
  bounds: {
    code: { what: "code (4 is deadline_exceeded)", unit: "", atLeast: 4, atMost: 4 },
    afterMs: {
      what: "after the default server deadline of 60 s",
      unit: "ms",
      atLeast: 59_000,
      atMost: 61_000,
    },
  },
  async run(context) {
    const etcd = await startEtcd(context);
    const service = await startService(context, etcd.url);
    const raw = context.use(await RawClient.connect(idOf(service)));
    const end = await Promise.race([
      raw.call(Orders.methods.get, { id: "never" }).ended,
      context.sleep(70_000),
    ]);
    if (end) context.note(end.message);
    return { code: end?.status ?? Number.NaN, afterMs: end?.tookMs ?? Infinity };
  },
});
