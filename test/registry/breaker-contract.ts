import {
  ConfigError,
  mostReporters,
  type BreakerReport,
  type BreakerReports,
  type RegistryBackend,
} from "@rollcall/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RegistryUnderTest } from "./contract.js";
import { reportOf, rolloutsOf } from "./policies.js";
import { untilTrue } from "./until.js";

const soon = (): AbortSignal => AbortSignal.timeout(5000);
const orders = "shop.v1.Orders";

/** A report of one open breaker. */
function report(caller: string, change: Partial<BreakerReport["breakers"][number]> = {}): BreakerReport {
  const breaker = {
    method: `${orders}/Get`,
    subset: "stable",
    state: "open",
    since: 1_700_000_000_000,
    calls: 20,
    failures: 12,
    ...change,
  } as const;
  return { caller, app: "checkout", breakers: [breaker] };
}

function reportsOf(registry: RegistryBackend): BreakerReports {
  if (!registry.breakers) throw new Error(`${registry.description} keeps no reports of breakers`);
  return registry.breakers;
}

/** What holds for the reports of breakers in every registry that keeps them. */
export function breakerContract(start: () => Promise<RegistryUnderTest>): void {
  let under: RegistryUnderTest;
  let registry: RegistryBackend;
  let one: BreakerReports;
  let other: BreakerReports;

  beforeEach(async () => {
    under = await start();
    registry = under.connect();
    one = reportsOf(registry);
    other = reportsOf(under.connect());
  });
  afterEach(() => under[Symbol.asyncDispose]());

  test("shows the last report of each caller until it is withdrawn, apart by service", async () => {
    expect(await one.reports(orders, soon())).toEqual([]);
    expect(await one.report(orders, report("b"), soon())).toBe(true);
    expect(await other.report(orders, report("a"), soon())).toBe(true);
    expect(await one.report(orders, report("b", { state: "half-open" }), soon())).toBe(true);
    await one.report(`${orders}Archive`, report("c"), soon());
    expect(await other.reports(orders, soon())).toEqual([report("a"), report("b", { state: "half-open" })]);
    await one.withdraw(orders, "b", soon());
    await one.withdraw(orders, "b", soon());
    expect(await other.reports(orders, soon())).toEqual([report("a")]);
  });

  test("keeps them apart from the reports of rollouts, by the same callers", async () => {
    await one.report(orders, report("a"), soon());
    await rolloutsOf(registry).report(orders, reportOf("a"), soon());
    expect(await other.reports(orders, soon())).toEqual([report("a")]);
    await rolloutsOf(registry).withdraw(orders, "a", soon());
    expect(await other.reports(orders, soon())).toEqual([report("a")]);
  });

  test("refuses what readers would leave out, and names that are not a service's", async () => {
    for (const change of [
      { failures: 21 },
      { failures: -1 },
      { calls: Number.NaN },
      { since: 1e300 },
      { state: "closed" as never },
      { method: "" },
      { subset: "\u001b[2J" },
      { subset: "x".repeat(513) },
    ])
      await expect(one.report(orders, report("a", change), soon())).rejects.toThrow(ConfigError);
    const [breaker] = report("a").breakers;
    const many = { ...report("a"), breakers: Array.from({ length: 101 }, () => breaker!) };
    await expect(one.report(orders, many, soon())).rejects.toThrow(ConfigError);
    await expect(one.report(orders, report("a/b"), soon())).rejects.toThrow(/is not a caller's id/);
    await expect(one.report("a/b", report("a"), soon())).rejects.toThrow(/is not a full proto name/);
    expect(await one.reports(orders, soon())).toEqual([]);
  });

  test("keeps no more of them than of rollouts: those of the callers with the lowest ids", async () => {
    const id = (n: number): string => `c-${String(n).padStart(4, "0")}`;
    const many = Array.from({ length: mostReporters }, (_, n) => id(n * 2 + 1));
    await Promise.all(many.map((caller) => one.report(orders, report(caller), soon())));
    expect(await other.report(orders, report(id(9998)), soon())).toBe(false);
    expect(await other.reports(orders, soon())).toHaveLength(mostReporters);
  });

  test("ends every request with the reason of its signal", async () => {
    const late = (): AbortSignal => AbortSignal.abort(new Error("too late"));
    for (const request of [
      one.report(orders, report("a"), late()),
      one.withdraw(orders, "a", late()),
      one.reports(orders, late()),
    ])
      await expect(request).rejects.toThrow("too late");
  });

  test("shows nothing of a process that has ended its registry", async () => {
    const ending = under.connect();
    await reportsOf(ending).report(orders, report("a"), soon());
    await reportsOf(ending).withdraw(orders, "a", soon());
    await reportsOf(ending).report(orders, report("a"), soon());
    if (ending === registry) return;
    await ending[Symbol.asyncDispose]();
    await untilTrue(async () => (await one.reports(orders, soon())).length === 0);
  });
}
