import { codeOfCall, ordersClient } from "../harness/client.js";
import { exitCodeWithin, launchService, startService } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { registered, startEtcd } from "../harness/steady-state.js";

const graceMs = 5_000;

export const sigtermTwice = defineRow({
  name: "sigterm-twice",
  fault: "SIGTERM twice, with a call that takes a minute in hand",
  inject: "signals, half a second apart",
  pace: "fast",
  limitMs: 60_000,
  bounds: {
    forcedMs: { what: "ended after the second", unit: "ms", atMost: 1_000 },
    keys: { what: "records left", unit: "", atMost: 0 },
  },
  async run(context) {
    const etcd = await startEtcd(context);
    const service = await startService(context, etcd.url);
    const orders = ordersClient(context, etcd.url, { timeoutMs: 70_000 });
    await orders.get({ id: "1" });
    const held = codeOfCall(orders.get({ id: "sleep:60000" }));
    await context.sleep(200);
    service.signal("SIGTERM");
    await context.sleep(500);
    const from = performance.now();
    service.signal("SIGTERM");
    await service.exit;
    const forcedMs = performance.now() - from;
    const keys = (await registered(etcd)).length;
    context.note(`${(await service.exit).code} was its exit code`);
    void held;
    return { forcedMs, keys };
  },
});

export const sigtermDuringBoot = defineRow({
  name: "sigterm-during-boot",
  fault: "SIGTERM while a service starts",
  inject:
    "the signal to 16 starting processes, at moments spread from the process' start until after it is registered",
  pace: "normal",
  limitMs: 120_000,
  bounds: {
    keys: { what: "records left", unit: "", atMost: 0 },
    stuck: { what: "processes that did not end within 5 s", unit: "", atMost: 0 },
  },
  async run(context) {
    const etcd = await startEtcd(context);
    const from = performance.now();
    const first = await startService(context, etcd.url);
    const bootMs = performance.now() - from;
    await first.stop();
    let stuck = 0;
    let keys = 0;
    let mostKeys = 0;
    for (let n = 0; n < 16; n++) {
      const service = await launchService(context, etcd.url, { name: `service-${n}` });
      // Most of a boot is loading modules; what matters comes at its end.
      await context.sleep(bootMs * (0.6 + 0.5 * (n / 16)));
      mostKeys = Math.max(mostKeys, (await registered(etcd)).length);
      service.signal("SIGTERM");
      if (Number.isNaN(await exitCodeWithin(service, 5_000))) stuck++;
      keys += (await registered(etcd)).length;
    }
    context.note(
      `a boot took ${bootMs.toFixed(0)} ms; ${mostKeys === 0 ? "none" : "some"} were registered when told to end`,
    );
    return { keys, stuck };
  },
});

export const sigtermOpenStream = defineRow({
  name: "sigterm-open-stream",
  fault: "SIGTERM with an open stream whose handler does not heed the drain",
  inject: "one signal; the grace period is 5 s",
  pace: "normal",
  limitMs: 60_000,
  bounds: {
    forcedMs: {
      what: "forced after the grace period",
      unit: "ms",
      atLeast: graceMs - 1_000,
      atMost: graceMs + 1_000,
    },
    keys: { what: "records left", unit: "", atMost: 0 },
  },
  async run(context) {
    const etcd = await startEtcd(context);
    const env = { HEED_DRAIN: "no", ROLLCALL_GRACE_PERIOD_MS: String(graceMs) };
    const service = await startService(context, etcd.url, { env });
    const orders = ordersClient(context, etcd.url);
    const ending = new AbortController();
    context.finally(() => ending.abort());
    const { promise: open, resolve: opened } = Promise.withResolvers<void>();
    const read = async (): Promise<void> => {
      for await (const _ of orders.watch({}, { signal: ending.signal })) opened();
    };
    read().catch(() => {});
    await open;
    const from = performance.now();
    service.signal("SIGTERM");
    await service.exit;
    return { forcedMs: performance.now() - from, keys: (await registered(etcd)).length };
  },
});

export const uncaughtException = defineRow({
  name: "uncaught-exception",
  fault: "An exception that nobody catches",
  inject: "a throw in a timer, with 5 calls of 1.5 s in hand",
  pace: "fast",
  limitMs: 60_000,
  bounds: {
    failed: { what: "calls in hand failed", unit: "", atMost: 0 },
    goneMs: { what: "gone from the registry", unit: "ms", atMost: 5_000 },
    exitMs: { what: "ended", unit: "ms", atMost: 5_000 },
    code: { what: "exit code", unit: "", atLeast: 1, atMost: 255 },
  },
  async run(context) {
    const etcd = await startEtcd(context);
    const service = await startService(context, etcd.url);
    const orders = ordersClient(context, etcd.url, { timeoutMs: 10_000 });
    await orders.get({ id: "1" });
    const held = Array.from({ length: 5 }, () => codeOfCall(orders.get({ id: "sleep:1500" })));
    await context.sleep(100);
    await orders.get({ id: "crash" });
    const from = performance.now();
    const goneMs = await context.until(
      "its record is gone",
      10_000,
      async () => (await registered(etcd)).length === 0,
      5,
    );
    const { code } = await service.exit;
    const exitMs = performance.now() - from;
    const codes = await Promise.all(held);
    return { failed: codes.filter((each) => each !== 0).length, goneMs, exitMs, code: code ?? -1 };
  },
});
