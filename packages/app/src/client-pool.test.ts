import {
  breakerOpen,
  Code,
  createFeed,
  RpcError,
  type CallerReport,
  type ClientOptions,
  type RegistryBackend,
  type Snapshot,
} from "@rollcall/core";
import { memoryRegistry } from "@rollcall/registry";
import { FakeClock } from "@rollcall/testing/clock";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { instance } from "../../core/src/fixtures/contracts.js";
import { answer, FakeTransport } from "../../core/src/fixtures/fake-transport.js";
import { Stock } from "../../core/src/fixtures/shop.js";
import { seededRandom } from "../../testing/src/app/seed.js";
import { ClientPool, type ClientPoolEnv } from "./client-pool.js";
import { startRollout } from "./rollout/plan.js";

const { signal } = new AbortController();

function setup(registry: RegistryBackend = memoryRegistry(), change: Partial<ClientPoolEnv> = {}) {
  const clock = new FakeClock();
  const transport = new FakeTransport();
  const pool = new ClientPool({
    busyPollUs: 0,
    discovery: registry,
    rollouts: registry.rollouts,
    transport,
    clock,
    random: seededRandom(42),
    logger: pino({ level: "silent" }),
    interceptors: [],
    balancer: "round-robin",
    timeoutMs: 10_000,
    subsetSize: 0,
    zone: "",
    caller: "c1",
    ...change,
  });
  for (const version of ["1", "2"]) {
    const own = instance(`v${version}`, { service: Stock.name, version });
    registry.register([{ ...own, incarnation: "1-a" }], signal);
  }
  const reports = async (): Promise<readonly CallerReport[]> =>
    (await registry.rollouts?.reports(Stock.name, signal)) ?? [];
  const begin = async (): Promise<void> => {
    const policy = startRollout(
      Stock.name,
      undefined,
      { id: "r1", to: "2", from: "1", steps: [50, 100] },
      { by: "ada", at: clock.now() },
    );
    await registry.rollouts!.compareAndSet([{ service: Stock.name, revision: 0, policy }], signal);
  };
  return { clock, transport, pool, reports, begin };
}

describe("the clients of a process", () => {
  it("report attempts, not calls: a retry does not hide what failed", async () => {
    const { clock, transport, pool, reports, begin } = setup();
    transport.respond = async () => answer();
    const clients = [pool.client(Stock), pool.client(Stock, { balancer: "weighted-round-robin" })];
    await begin();
    await clock.advance(0);
    for (const connection of transport.connections) {
      if (connection.instance.version === "2")
        connection.respond = async () => {
          throw new RpcError(Code.Unavailable, "sick", { origin: "remote", processed: "unknown" });
        };
    }
    const calls = Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        clients[at % 2]!.get({ id: "a" }).catch((error: unknown) => error),
      ),
    );
    await clock.advance(3_000);
    await calls;
    const seen = (await reports())[0]?.steps[0]?.versions;
    const sent = (version: string): number =>
      transport.connections
        .filter((each) => each.instance.version === version)
        .reduce((sum, each) => sum + each.calls.length, 0);
    expect(sent("2")).toBeGreaterThan(0);
    expect(seen?.["2"]).toMatchObject({ attempts: sent("2"), failures: sent("2") });
    expect(seen?.["1"]).toMatchObject({ attempts: sent("1"), failures: 0 });
    await pool.close(0);
    expect(await reports()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("report nothing where the registry has no rollouts", async () => {
    const { rollouts: _, ...registry } = memoryRegistry();
    const { clock, pool } = setup(registry);
    const client = pool.client(Stock);
    const call = client.get({ id: "a" });
    await clock.advance(0);
    await call;
    await pool.close(0);
    expect(clock.pending).toBe(0);
  });

  it("put back a policy that the registry has lost, when nobody else has for a while", async () => {
    const registry = memoryRegistry();
    const feed = createFeed<Snapshot>();
    const { clock, pool } = setup({
      ...registry,
      open: () => Object.assign(feed, { [Symbol.asyncDispose]: async () => {} }),
    });
    pool.client(Stock);
    const policy = { gen: 4, stable: "1", rules: [], by: "ada", reason: "", at: 0 };
    feed.publish({ service: Stock.name, revision: 9, instances: [], policy });
    await clock.advance(10_000);
    const stored = async (): Promise<number | undefined> =>
      (await registry.rollouts!.read(Stock.name, signal)).policy?.gen;
    feed.publish({ service: Stock.name, revision: 1, instances: [], policy, policyLost: true });
    await clock.advance(4_900);
    expect(await stored()).toBeUndefined();
    await clock.advance(2_100);
    expect(await stored()).toBe(5);
    await pool.close(0);
    expect(clock.pending).toBe(0);
  });

  /** Whether each of some calls of a client of its own was refused by a breaker. */
  async function refusals(all: ClientPoolEnv["breaker"], own: ClientOptions["breaker"]): Promise<boolean[]> {
    const { clock, transport, pool } = setup(memoryRegistry(), { breaker: all, retry: { maxAttempts: 1 } });
    transport.respond = async () => {
      throw new RpcError(Code.Internal, "sick", { origin: "remote" });
    };
    const client = pool.client(Stock, { breaker: own });
    const refused: boolean[] = [];
    for (let n = 0; n < 22; n++) {
      const call = client.get({ id: "a" }).catch((error: unknown) => breakerOpen(error) !== undefined);
      await clock.advance(0);
      refused.push((await call) === true);
    }
    await pool.close(0);
    return refused;
  }

  it("have a breaker, with their own options over those of all, unless they or all are to have none", async () => {
    const firstRefused = async (...args: Parameters<typeof refusals>): Promise<number> =>
      (await refusals(...args)).indexOf(true);
    expect(await firstRefused(undefined, undefined)).toBe(20);
    expect(await firstRefused({ minCalls: 5 }, undefined)).toBe(5);
    expect(await firstRefused({ minCalls: 5, openMs: 1 }, { minCalls: 7 })).toBe(7);
    for (const [all, own] of [
      [false, undefined],
      [undefined, false],
      [false, { minCalls: 5 }],
    ] as const)
      expect(await firstRefused(all, own)).toBe(-1);
  });

  it("say in the registry which breakers are not closed, and no more when they are", async () => {
    const registry = memoryRegistry();
    const { clock, transport, pool } = setup(registry, {
      breakerReports: registry.breakers,
      app: "checkout",
    });
    let sick = true;
    transport.respond = async () => {
      if (sick) throw new RpcError(Code.Internal, "sick", { origin: "remote" });
      return answer({ id: "a" });
    };
    const clients = [pool.client(Stock), pool.client(Stock)];
    const call = async (count: number): Promise<void> => {
      const made = Array.from({ length: count }, (_, n) => clients[n % 2]!.get({ id: "a" }).catch(() => {}));
      await clock.advance(2_000);
      await Promise.all(made);
    };
    const reported = async (): Promise<unknown> => registry.breakers!.reports(Stock.name, signal);
    await call(30);
    expect(await reported()).toEqual([]);
    await call(10);
    const breaker = { method: "test.v1.Stock/Get", subset: "stable", state: "open", calls: 20, failures: 20 };
    expect(await reported()).toMatchObject([{ caller: "c1", app: "checkout", breakers: [breaker] }]);
    sick = false;
    await clock.advance(5_000);
    await call(6);
    expect(await reported()).toEqual([]);
    await pool.close(0);
    expect(clock.pending).toBe(0);
  });

  it("are refused wrong options", () => {
    const { pool } = setup();
    for (const [options, message] of [
      [{ timeoutMs: 0 }, "client of test.v1.Stock: timeoutMs is 0"],
      [{ maxPendingCalls: -1 }, "client of test.v1.Stock: maxPendingCalls is -1; allowed: a number from 0"],
      [{ breaker: { probes: 0 } }, "option breaker.probes is 0"],
      [{ fallback: { got: () => ({}) } }, "option fallback.got: test.v1.Stock has no such method"],
    ] as const)
      expect(() => pool.client(Stock, options as ClientOptions)).toThrow(message);
  });
});
