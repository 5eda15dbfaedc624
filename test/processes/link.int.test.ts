import { setTimeout as sleep } from "node:timers/promises";
import { createApp, createClient, Service } from "@rollcall/app";
import { roundRobin } from "@rollcall/balancer";
import { etcdRegistry } from "@rollcall/registry/etcd";
import { EtcdServer } from "@rollcall/testing";
import { exitText, receiptInterceptor, type FleetProcess } from "@rollcall/testing/fleet";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Billing, Orders } from "../fixtures/gen/shop/v1/shop.js";
import { observedPicks } from "./observed-picks.js";
import { PlainClient } from "./plain-client.js";
import { type HeldPort, holdPort } from "../../packages/testing/src/ports/held-port.js";
import { logged, logOf, portOf, startService } from "./service-process.js";
import { expectNoneDropped, startTraffic } from "./traffic.js";

let etcd: EtcdServer;

beforeAll(async () => {
  etcd = await EtcdServer.start();
});
beforeEach(() => etcd.lag(0));
afterAll(async () => {
  await etcd.close();
});

const { signal } = new AbortController();
const report = (what: string): void => console.info(what);
const addressOf = (service: FleetProcess): string => service.serving!.address;

/** Stopped with the scope, whatever state they are in. Their ports are nobody else's until then. */
class Processes implements AsyncDisposable {
  readonly all: FleetProcess[] = [];
  readonly #ports: HeldPort[] = [];

  async start(n: number, url = etcd.url): Promise<readonly FleetProcess[]> {
    const started = await Promise.all(Array.from({ length: n }, () => this.#startOne(url)));
    this.all.push(...started);
    return started;
  }

  async #startOne(url: string): Promise<FleetProcess> {
    const held = await holdPort();
    this.#ports.push(held);
    return await startService(url, { ROLLCALL_PORT: `${held.port}` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((each) => each[Symbol.asyncDispose]()));
    await Promise.all(this.#ports.map((held) => held[Symbol.asyncDispose]()));
  }
}

describe("a process that stops", () => {
  it("gets its last pick within milliseconds of SIGTERM, and waits for no time that callers do not need", async () => {
    await using processes = new Processes();
    const services = await processes.start(3);
    const picks = observedPicks();
    const { balancer } = picks;
    const interceptors = [receiptInterceptor];
    await using orders = createClient(Orders, { registry: etcd.url, balancer, interceptors });
    await orders.get({ id: "1" });
    await using traffic = startTraffic({ ratePerSecond: 500, call: () => orders.get({ id: "1" }) });
    const lastPicks: number[] = [];
    const leaves: number[] = [];
    for (const service of services.slice(1)) {
      await expect.poll(() => picks.count(addressOf(service)), { timeout: 20_000 }).toBeGreaterThan(50);
      const fromMs = performance.now();
      service.signal("SIGTERM");
      expect(exitText(await service.exit)).toBe("code 0");
      lastPicks.push(picks.last(addressOf(service)) - fromMs);
      const told = await logged(service, "callers told");
      expect(told).toMatchObject({ acknowledged: 1, missing: [], others: 0 });
      leaves.push(
        logOf(service).find(({ msg, part }) => msg === "stopped" && part === "registration")!["ms"] as number,
      );
    }
    expectNoneDropped(await traffic.end());
    report(`SIGTERM to last pick: ${lastPicks.map((ms) => ms.toFixed(1)).join(", ")} ms`);
    report(`callers told and records deleted: ${leaves.join(", ")} ms`);
    // 20 ms is what is measured on a machine that has nothing else to do.
    expect(Math.max(...lastPicks)).toBeLessThan(200);
  });

  it("gives callers that are not Rollcall's the propagation delay", async () => {
    await using processes = new Processes();
    const [service] = await processes.start(1);
    using plain = new PlainClient(addressOf(service!));
    expect(await plain.health()).toBe("SERVING");
    const fromMs = performance.now();
    expect(exitText(await service!.stop())).toBe("code 0");
    expect(performance.now() - fromMs).toBeGreaterThan(500);
    expect(await logged(service!, "callers told")).toMatchObject({ others: 1 });
  });

  it("costs no call though the registry tells callers 10 s late", async () => {
    await using processes = new Processes();
    const services = await processes.start(3);
    const interceptors = [receiptInterceptor];
    await using orders = createClient(Orders, { registry: etcd.url, interceptors, timeoutMs: 2_000 });
    await orders.get({ id: "1" });
    await using traffic = startTraffic({ ratePerSecond: 200, call: () => orders.put({ id: "1" }) });
    await sleep(500);
    etcd.lag(10_000);
    // The first comes back before the others go: to the caller it is new, and late.
    for (const service of services.slice(0, 2)) {
      expect(exitText(await service.stop())).toBe("code 0");
      await processes.start(1);
    }
    await sleep(11_000);
    expect(exitText(await services[2]!.stop())).toBe("code 0");
    expectNoneDropped(await traffic.end());
  });
});

describe("a stale address", () => {
  it("of another run, another service or a plain gRPC server gives no wrong reply", async () => {
    @Service(Billing)
    class BillingService {
      async charge(): Promise<object> {
        return { ok: true };
      }
    }
    const registry = etcd.url;
    const logger = pino({ level: "silent" });
    await using other = createApp({
      name: "billing",
      services: [BillingService],
      registry,
      host: "127.0.0.1",
      logger,
    });
    await other.start();
    const plain = new Server();
    const { path, request, response } = Orders.methods.get;
    let wrong = 0;
    plain.register(
      path,
      (_: unknown, callback: (error: null, reply: object) => void) => {
        wrong++;
        callback(null, { id: "wrong" });
      },
      response.encode,
      request.decode,
      "unary",
    );
    const bind = (port: number): Promise<number> =>
      new Promise((resolve, reject) => {
        const credentials = ServerCredentials.createInsecure();
        plain.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) =>
          error ? reject(error) : resolve(bound),
        );
      });
    await using processes = new Processes();
    const [good, dying] = await processes.start(2);
    await using orders = createClient(Orders, {
      registry,
      timeoutMs: 2_000,
      interceptors: [receiptInterceptor],
    });
    await orders.get({ id: "1" });
    // Whoever had these records is gone, and somebody else is at its address.
    await using backend = etcdRegistry({ url: registry });
    const [listed] = await backend.list(Orders.name, signal);
    const { address } = other;
    const stale = backend.register(
      [{ ...listed!.instance, id: address, address, incarnation: "1-stale" }],
      signal,
    );
    const answers = new Map<string, number>();
    await using traffic = startTraffic({
      ratePerSecond: 200,
      async call() {
        const { id } = await orders.get({ id: "1" });
        answers.set(id, (answers.get(id) ?? 0) + 1);
      },
    });
    await traffic.succeeded(100);
    const fromMs = performance.now();
    dying!.signal("SIGKILL");
    await dying!.exit;
    await bind(portOf(addressOf(dying!)));
    report(`port reused ${Math.round(performance.now() - fromMs)} ms after SIGKILL`);
    await sleep(4_000);
    expectNoneDropped(await traffic.end());
    expect(wrong).toBe(0);
    expect([...answers.keys()].toSorted()).toEqual([`${good!.pid}`, `${dying!.pid}`].toSorted());
    plain.forceShutdown();
    await stale.deregister(signal);
  });
});

describe("a process that is stopped by SIGSTOP", () => {
  it("keeps calls that nobody would repeat until it goes on, though it is avoided", async () => {
    await using processes = new Processes();
    const services = await processes.start(2, `${etcd.url}?ttlMs=60000`);
    const late = services[0]!;
    const lines: string[] = [];
    const logger = pino({}, { write: (line: string) => void lines.push(line) });
    const once = { retry: { maxAttempts: 1 }, timeoutMs: 60_000 };
    const picks = observedPicks(roundRobin);
    const { balancer } = picks;
    await using orders = createClient(Orders, { registry: etcd.url, balancer, logger, ...once });
    const bothPicked = async (): Promise<boolean> => {
      await orders.get({ id: "1" });
      return services.every((each) => picks.count(addressOf(each)) > 0);
    };
    await expect.poll(bothPicked, { timeout: 20_000 }).toBe(true);
    late.signal("SIGSTOP");
    let answers = 0;
    const calls = Array.from({ length: 20 }, () => orders.get({ id: "1" }).then(() => answers++));
    await expect
      .poll(() => lines.join(""), { timeout: 20_000 })
      .toContain("instance does not answer: not used");
    await orders.get({ id: "1" });
    await expect.poll(() => answers).toBe(10);
    late.signal("SIGCONT");
    await Promise.all(calls);
  });
});
