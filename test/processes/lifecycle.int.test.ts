import { createClient } from "@rollcall/app";
import { etcdBackends, type EtcdUnderTest } from "@rollcall/testing";
import { exitText } from "@rollcall/testing/fleet";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Orders } from "../fixtures/gen/shop/v1/shop.js";
import { PlainClient } from "./plain-client.js";
import { launchService, logged, logOf, startService } from "./service-process.js";
import { openWatch } from "./open-watch.js";

let etcd: EtcdUnderTest;

beforeAll(async () => {
  etcd = await etcdBackends()[0]!.start();
});
beforeEach(async () => {
  await etcd.delete("services/");
});
afterAll(async () => {
  await etcd.close();
});

const keys = async (): Promise<string[]> => [...(await etcd.read("services/")).keys()];
const untilNoKey = async (): Promise<void> => {
  await expect.poll(keys, { interval: 5, timeout: 2_000 }).toEqual([]);
};

describe("the life of a process", () => {
  it("starts its parts in order, is registered only once it serves, and stops them in reverse", async () => {
    await using service = await launchService(etcd.url, { ROLLCALL_LOG_LEVEL: "debug" });
    let address = "";
    await expect
      .poll(async () => (address = (await keys())[0]?.split("/").pop() ?? ""), {
        interval: 2,
        timeout: 15_000,
      })
      .not.toBe("");
    using plain = new PlainClient(address);
    expect(await plain.health()).toBe("SERVING");
    expect(await plain.health(Orders.name)).toBe("SERVING");
    const seen: string[] = [];
    const watch = plain.watchHealth(Orders.name, seen);
    await expect.poll(() => seen).toEqual(["SERVING"]);

    service.signal("SIGTERM");
    await expect.poll(() => plain.health(), { interval: 5 }).toBe("NOT_SERVING");
    await watch;
    expect(seen).toEqual(["SERVING", "NOT_SERVING"]);
    expect(exitText(await service.exit)).toBe("code 0");

    const order = ["registry", "services", "clients", "server", "rollouts", "registration"];
    const partsOf = (msg: string): unknown[] =>
      logOf(service).flatMap((line) => (line.msg === msg && line.part ? [line.part] : []));
    expect(partsOf("started")).toEqual(order);
    expect(partsOf("stopped")).toEqual(order.toReversed());
    const steps = ["registering", "registered", "serving", "received", "stopping", "deregistered"];
    const messages = logOf(service).map((line) => line.msg);
    expect(messages.filter((msg) => steps.includes(msg))).toEqual(steps);
    expect(messages.at(-1)).toBe("stopped");
  });

  it("lets calls in flight end well after SIGTERM, out of the registry before they do, and exits with 0", async () => {
    await using service = await startService(etcd.url);
    await using orders = createClient(Orders, { registry: etcd.url });
    const calls = Array.from({ length: 10 }, () => orders.get({ id: "sleep:1500" }));
    await orders.get({ id: "1" });

    service.signal("SIGTERM");
    await untilNoKey();
    expect(service.state).toBe("stopping");
    expect((await Promise.all(calls)).map(({ id }) => id)).toEqual(calls.map(() => `${service.pid}`));
    expect(exitText(await service.exit)).toBe("code 0");
  });

  it("ends a stream whose handler heeds the drain at once; its caller opens it elsewhere", async () => {
    await using first = await startService(etcd.url);
    await using orders = createClient(Orders, { registry: etcd.url });
    await using watch = openWatch(orders);
    await expect.poll(() => watch.messages).toBeGreaterThan(3);
    await using second = await startService(etcd.url);

    const from = performance.now();
    expect(exitText(await first.stop())).toBe("code 0");
    // The propagation delay of 500 ms, and no grace period.
    expect(performance.now() - from).toBeLessThan(1_500);
    const { messages } = watch;
    await expect.poll(() => watch.messages).toBeGreaterThan(messages + 3);
    expect(watch.servedBy).toEqual([`${first.pid}`, `${second.pid}`]);
    expect(watch.error).toBeUndefined();
  });

  it("cuts a stream whose handler does not when the grace period is over; its caller opens it elsewhere", async () => {
    const env = { HEED_DRAIN: "no", ROLLCALL_GRACE_PERIOD_MS: "1500" };
    await using first = await startService(etcd.url, env);
    await using orders = createClient(Orders, { registry: etcd.url });
    await using watch = openWatch(orders);
    await expect.poll(() => watch.messages).toBeGreaterThan(3);
    await using second = await startService(etcd.url);

    const from = performance.now();
    expect(exitText(await first.stop())).toBe("code 0");
    const tookMs = performance.now() - from;
    expect(tookMs).toBeGreaterThan(1_400);
    expect(tookMs).toBeLessThan(2_500);
    const { messages } = watch;
    await expect.poll(() => watch.messages).toBeGreaterThan(messages + 3);
    expect(watch.servedBy).toEqual([`${first.pid}`, `${second.pid}`]);
    expect(watch.error).toBeUndefined();
  });

  // The second signal finds the process leaving the registry, waiting for callers to learn of it, or draining.
  it.each(["stopping", "deregistered", "draining calls"])(
    'is forced by a second SIGTERM within 1 s after "%s" and leaves no key',
    async (step) => {
      await using service = await startService(etcd.url, { HEED_DRAIN: "no" });
      await using orders = createClient(Orders, { registry: etcd.url });
      await using watch = openWatch(orders);
      await expect.poll(() => watch.messages).toBeGreaterThan(0);

      service.signal("SIGTERM");
      await logged(service, step);
      const from = performance.now();
      service.signal("SIGTERM");
      expect(exitText(await service.exit)).toBe("code 1");
      expect(performance.now() - from).toBeLessThan(1_000);
      expect(await keys()).toEqual([]);
    },
  );
});

describe("SIGTERM while etcd hangs", () => {
  it("ends calls well within bounds, and the key goes with its lease", async () => {
    await using service = await startService(`${etcd.url}?ttlMs=2000`);
    await using orders = createClient(Orders, { registry: etcd.url });
    await orders.get({ id: "1" });
    const call = orders.get({ id: "sleep:3000" });
    await etcd.pause();
    try {
      const from = performance.now();
      service.signal("SIGTERM");
      expect(await call).toMatchObject({ id: `${service.pid}` });
      expect(exitText(await service.exit)).toBe("code 0");
      // 2 s for the registry, the propagation delay, the rest of the call, 1 s to close what hangs.
      expect(performance.now() - from).toBeLessThan(5_000);
    } finally {
      etcd.resume();
    }
    await expect.poll(keys, { timeout: 5_000 }).toEqual([]);
  });
});

describe("SIGTERM while a process starts", () => {
  const promptMs = 3_000;

  it("leaves no key behind, whenever it comes", async () => {
    // From the moment the record is on its way; two processes at a time, or they only measure each other.
    for (const delays of [
      [0, 1],
      [2, 4],
      [6, 9],
      [13, 20],
    ]) {
      await Promise.all(
        delays.map(async (delayMs) => {
          await using service = await launchService(etcd.url);
          await logged(service, "registering");
          await new Promise((resolve) => setTimeout(resolve, delayMs));
          const from = performance.now();
          service.signal("SIGTERM");
          expect(exitText(await service.exit)).toBe("code 0");
          expect(performance.now() - from).toBeLessThan(promptMs);
        }),
      );
      expect(await keys()).toEqual([]);
    }
  });

  it("leaves no key behind when its key has just appeared", async () => {
    await using service = await launchService(etcd.url);
    await expect.poll(keys, { interval: 1, timeout: 15_000 }).toHaveLength(1);
    service.signal("SIGTERM");
    await untilNoKey();
    expect(exitText(await service.exit)).toBe("code 0");
    expect(await keys()).toEqual([]);
  });

  it("ends it promptly before it has anything to leave", async () => {
    for (const delayMs of [50, 300]) {
      await using service = await launchService(etcd.url);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      const from = performance.now();
      service.signal("SIGTERM");
      await service.exit;
      expect(performance.now() - from).toBeLessThan(promptMs);
      expect(await keys()).toEqual([]);
    }
  });

  it.each(["stopped", "paused"])("ends it promptly while etcd is %s, and leaves no key", async (how) => {
    if (how === "stopped") await etcd.stop();
    else await etcd.pause();
    try {
      await using service = await launchService(etcd.url);
      await logged(service, "registering");
      await new Promise((resolve) => setTimeout(resolve, 300));
      const from = performance.now();
      service.signal("SIGTERM");
      expect(exitText(await service.exit)).toBe("code 0");
      expect(performance.now() - from).toBeLessThan(promptMs);
    } finally {
      if (how === "stopped") await etcd.start();
      else etcd.resume();
    }
    expect(await keys()).toEqual([]);
  });
});
