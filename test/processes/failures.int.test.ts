import { createServer } from "node:net";
import { Code, createClient } from "@rollcall/app";
import { etcdBackends, type EtcdUnderTest } from "@rollcall/testing";
import { exitText, receiptInterceptor } from "@rollcall/testing/fleet";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { holdPort } from "../../packages/testing/src/ports/held-port.js";
import { Billing, Orders } from "../fixtures/gen/shop/v1/shop.js";
import { openWatch } from "./open-watch.js";
import { PlainClient } from "./plain-client.js";
import { launchService, logged, logOf, startService } from "./service-process.js";
import { expectNoneDropped, startTraffic } from "./traffic.js";

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

/** A line of the log that tells of an error. */
interface Failure {
  readonly time: number;
  readonly err: Error;
}

const keys = async (): Promise<string[]> => [...(await etcd.read("services/")).keys()];

describe("a process in an unknown state", () => {
  it.each([
    ["an uncaught exception", "crash"],
    ["an unhandled rejection", "forget"],
  ])("after %s leaves the registry, lets its calls end and exits with 1", async (_, id) => {
    await using service = await startService(etcd.url);
    await using orders = createClient(Orders, { registry: etcd.url });
    const calls = Array.from({ length: 5 }, () => orders.get({ id: "sleep:1500" }));

    const from = performance.now();
    await orders.get({ id });
    await expect.poll(keys, { interval: 5, timeout: 2_000 }).toEqual([]);
    expect(service.state).not.toBe("exited");
    await Promise.all(calls);
    expect(exitText(await service.exit)).toBe("code 1");
    expect(performance.now() - from).toBeLessThan(5_000);
    expect(logOf(service).map(({ msg }) => msg)).toContain("uncaught: stopping");
  });

  it("waits for no stream longer than 5 s; its caller opens it elsewhere", async () => {
    await using service = await startService(etcd.url, { HEED_DRAIN: "no" });
    await using orders = createClient(Orders, { registry: etcd.url });
    await using watch = openWatch(orders);
    await expect.poll(() => watch.messages).toBeGreaterThan(0);
    await using second = await launchService(etcd.url);

    const from = performance.now();
    await orders.get({ id: "crash" });
    expect(exitText(await service.exit)).toBe("code 1");
    expect(performance.now() - from).toBeLessThan(5_000);
    await expect.poll(() => watch.servedBy).toEqual([`${service.pid}`, `${second.pid}`]);
    expect(watch.error).toBeUndefined();
  });
});

describe("a start that cannot succeed", () => {
  it("names address and variable when the port is in use", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    try {
      await using service = await launchService(etcd.url, { ROLLCALL_PORT: `${port}` });
      expect(exitText(await service.exit)).toBe("code 1");
      const { err } = (await logged(service, "could not start")) as unknown as Failure;
      expect(err.message).toContain(`cannot listen on 127.0.0.1:${port}`);
      expect(err.message).toContain("ROLLCALL_PORT");
      expect(await keys()).toEqual([]);
    } finally {
      taken.close();
    }
  });

  it("names variable, value and what is allowed when an option is wrong", async () => {
    await using service = await launchService(etcd.url, { ROLLCALL_PORT: "abc" });
    expect(exitText(await service.exit)).toBe("code 1");
    expect(service.logs.join("\n")).toContain(
      'ROLLCALL_PORT is "abc"; allowed: a port from 1 to 65535, or 0 for any free one',
    );
  });

  it("ends within its bound with startup fail-fast and no registry, and says what to do", async () => {
    await etcd.stop();
    try {
      const env = { ROLLCALL_STARTUP: "fail-fast", ROLLCALL_STARTUP_TIMEOUT_MS: "1000" };
      await using service = await launchService(etcd.url, env);
      expect(exitText(await service.exit)).toBe("code 1");
      const begun = (await logged(service, "reaching etcd failed")) as unknown as Failure;
      const { err, time } = (await logged(service, "could not start")) as unknown as Failure;
      // By its own clock: how long a process takes to come up is for the machine to say. Without the setting it is 5 s.
      expect(time - begun.time).toBeLessThan(1_000 + 3_000);
      expect(err.message).toContain(`the registry ${etcd.url} did not answer within 1000 ms`);
      expect(err.message).toContain("ROLLCALL_REGISTRY");
      expect(err.message).toContain("ROLLCALL_STARTUP=wait");
    } finally {
      await etcd.start();
    }
  });
});

describe("a start without etcd", () => {
  it("serves, logs its retries at a falling rate, and registers when etcd appears", async () => {
    await etcd.stop();
    await using service = await launchService(etcd.url);
    try {
      const { address } = await logged(service, "registering");
      using plain = new PlainClient(address as string);
      expect(await plain.health(Orders.name)).toBe("SERVING");
      expect(await plain.unary(Orders.methods.get, { id: "1" })).toMatchObject({ id: `${service.pid}` });
      const failures = (): unknown[] =>
        logOf(service).flatMap((line) => (line.msg === "registering in etcd failed" ? [line.failures] : []));
      await expect.poll(failures, { timeout: 15_000 }).toEqual([1, 2, 4, 8]);
      expect(service.state).toBe("starting");
    } finally {
      await etcd.start();
    }
    const from = performance.now();
    await service.untilServing(10_000);
    expect(performance.now() - from).toBeLessThan(5_000);
    expect(await keys()).toHaveLength(1);
  });
});

describe("an instance that comes back at its address", () => {
  it("takes its key over after a kill -9, and callers use it at once", async () => {
    await using held = await holdPort();
    const env = { ROLLCALL_PORT: `${held.port}` };
    await using first = await startService(etcd.url, env);
    await using orders = createClient(Orders, { registry: etcd.url, interceptors: [receiptInterceptor] });
    await orders.get({ id: "1" });
    const before = await etcd.read("services/");
    await using traffic = startTraffic({ ratePerSecond: 100, call: () => orders.get({ id: "1" }) });

    await first.kill();
    await using second = await startService(etcd.url, env);
    const from = performance.now();
    expect(await orders.get({ id: "1" })).toMatchObject({ id: `${second.pid}` });
    // Not when the lease of the one before it ends, which takes 15 s.
    expect(performance.now() - from).toBeLessThan(2_000);

    const after = await etcd.read("services/");
    expect([...after.keys()]).toEqual([...before.keys()]);
    expect([...after.values()]).not.toEqual([...before.values()]);
    expectNoneDropped(await traffic.end());
  });
});

describe("what a service is asked or does wrong", () => {
  it("does not let a handler that throws anything disturb other calls", async () => {
    await using service = await startService(etcd.url);
    const options = { registry: etcd.url, interceptors: [receiptInterceptor], breaker: false } as const;
    await using orders = createClient(Orders, options);
    await using traffic = startTraffic({ ratePerSecond: 200, call: (n) => orders.put({ id: `${n}` }) });
    for (let round = 0; round < 20; round++) {
      for (const id of ["throw-string", "throw-undefined", "throw-error", "reject"]) {
        await expect(orders.get({ id })).rejects.toMatchObject({
          code: Code.Internal,
          reason: "internal error",
        });
      }
    }
    expectNoneDropped(await traffic.end());
    expect(service.state).toBe("serving");
  });

  it("answers a service or method that it has not with unimplemented", async () => {
    await using service = await startService(etcd.url);
    using plain = new PlainClient(service.serving!.address);
    await expect(plain.unary(Billing.methods.charge, {})).rejects.toMatchObject({ code: Code.Unimplemented });
    const path = `/${Orders.name}/Cancel`;
    await expect(plain.unary({ ...Orders.methods.get, path }, {})).rejects.toMatchObject({
      code: Code.Unimplemented,
    });
  });
});
