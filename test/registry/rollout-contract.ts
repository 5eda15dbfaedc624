import {
  ConfigError,
  mostReporters,
  type PolicyChange,
  type RegistryBackend,
  type RolloutStore,
} from "@rollcall/core";
import { memoryRegistry } from "@rollcall/registry";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RegistryUnderTest } from "./contract.js";
import { instanceOf } from "./instance.js";
import { policyOf, reportOf, rolloutsOf } from "./policies.js";
import { until, untilTrue } from "./until.js";

const never = new AbortController().signal;
const soon = (): AbortSignal => AbortSignal.timeout(5000);
const late = (): AbortSignal => AbortSignal.abort(new Error("too late"));
const orders = "shop.v1.Orders";
const refunds = "shop.v1.Refunds";
/** Its name begins with another's. */
const ordersArchive = "shop.v1.OrdersArchive";

/** What holds for the policies of every registry that keeps them. */
export function rolloutContract(start: () => Promise<RegistryUnderTest>): void {
  let under: RegistryUnderTest;
  let registry: RegistryBackend;
  let one: RolloutStore;
  let other: RolloutStore;

  beforeEach(async () => {
    under = await start();
    registry = under.connect();
    one = rolloutsOf(registry);
    other = rolloutsOf(under.connect());
  });
  afterEach(() => under[Symbol.asyncDispose]());

  /** Changes a policy whatever it was. */
  async function put(service: string, change: Parameters<typeof policyOf>[0] = {}): Promise<void> {
    const { revision } = await one.read(service, soon());
    const done = await one.compareAndSet([{ service, revision, policy: policyOf(change) }], soon());
    expect(done).toEqual({ won: true });
  }

  test("has no policy before one is set", async () => {
    expect(await one.read(orders, soon())).toEqual({ service: orders, revision: 0, policy: undefined });
    expect(await one.history(orders, soon())).toEqual([]);
    await using feed = registry.open(orders);
    const { value } = await until(feed, () => true);
    expect(value.policy).toBeUndefined();
    expect(value.policyLost ?? false).toBe(false);
  });

  test("reads what was set, frozen", async () => {
    const policy = policyOf({
      rules: [
        { to: { version: "1.5.0" }, percent: 2.5, key: "x-user", lane: "canary" },
        { to: { labels: { commit: "abc" } }, headers: { "x-beta": "1" } },
        { to: { id: "10.0.0.1:80" }, weight: 0 },
      ],
    });
    await put(orders, policy);
    const stored = await other.read(orders, soon());
    expect(stored).toMatchObject({ service: orders, policy });
    expect(stored.revision).toBeGreaterThan(0);
    expect(Object.isFrozen(stored.policy?.rules[0]?.to)).toBe(true);
    expect((await one.read(ordersArchive, soon())).policy).toBeUndefined();
  });

  test("lets exactly one of two win who change a policy at once, and shows the loser the winner's", async () => {
    await put(orders);
    for (let gen = 2; gen < 6; gen += 1) {
      const { revision } = await one.read(orders, soon());
      const policies = ["ann", "bob"].map((by) => policyOf({ gen, by }));
      const results = await Promise.all(
        [one, other].map((store, n) =>
          store.compareAndSet([{ service: orders, revision, policy: policies[n]! }], soon()),
        ),
      );
      expect(results.filter(({ won }) => won)).toHaveLength(1);
      const winner = results.findIndex(({ won }) => won);
      const stored = await one.read(orders, soon());
      expect(stored.policy).toEqual(policies[winner]);
      expect(results[1 - winner]).toEqual({ won: false, current: [stored] });
    }
    expect((await one.history(orders, soon())).map(({ gen }) => gen)).toEqual([5, 4, 3, 2, 1]);
  });

  test("lets exactly one of two create a policy", async () => {
    const create = (store: RolloutStore, by: string): ReturnType<RolloutStore["compareAndSet"]> =>
      store.compareAndSet([{ service: orders, revision: 0, policy: policyOf({ by }) }], soon());
    const results = await Promise.all([create(one, "ann"), create(other, "bob")]);
    expect(results.filter(({ won }) => won)).toHaveLength(1);
    expect(await create(one, "carl")).toMatchObject({ won: false });
  });

  test("changes the policies of several services or of none", async () => {
    await put(refunds);
    const stale: PolicyChange[] = [
      { service: orders, revision: 0, policy: policyOf({ stable: "2" }) },
      { service: refunds, revision: 0, policy: policyOf({ stable: "2", gen: 2 }) },
    ];
    const lost = await one.compareAndSet(stale, soon());
    const current = [await one.read(orders, soon()), await one.read(refunds, soon())];
    expect(lost).toEqual({ won: false, current });
    expect(current.map(({ policy }) => policy?.stable)).toEqual([undefined, "1.4.0"]);
    expect(await one.history(orders, soon())).toEqual([]);

    const fresh = stale.map((change, n) => ({ ...change, revision: current[n]!.revision }));
    expect(await one.compareAndSet(fresh, soon())).toEqual({ won: true });
    const after = await Promise.all([orders, refunds].map((service) => one.read(service, soon())));
    expect(after.map(({ policy }) => policy?.stable)).toEqual(["2", "2"]);
    expect(after[0]?.revision).toBe(after[1]?.revision);
  });

  test("keeps every policy that was in force, newest first, apart by service", async () => {
    for (const gen of [1, 2, 9, 10, 11]) await put(orders, { gen, reason: `gen ${gen}` });
    await put(ordersArchive, { gen: 7 });
    const history = await other.history(orders, soon());
    expect(history.map(({ gen }) => gen)).toEqual([11, 10, 9, 2, 1]);
    expect(history[1]).toEqual(policyOf({ gen: 10, reason: "gen 10" }));
  });

  test("refuses a policy that is not valid, with the rule and the reason, and writes nothing", async () => {
    const change = (service: string, percent: number): PolicyChange => ({
      service,
      revision: 0,
      policy: policyOf({
        rules: [
          { to: { version: "2" }, percent: 1 },
          { to: { version: "3" }, percent },
        ],
      }),
    });
    const refused = one.compareAndSet([change(orders, 5), change(refunds, 101)], soon());
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(
      /shop\.v1\.Refunds: rules\[1\]\.percent: is 101; allowed: 0 to 100/,
    );
    expect((await one.read(orders, soon())).revision).toBe(0);
    await expect(one.compareAndSet([change(orders, 5), change(orders, 5)], soon())).rejects.toThrow(/twice/);
  });

  test("refuses services whose keys could be another's", async () => {
    for (const service of ["", "a/b", "../x", "shop.v1.Orders/", "a b"]) {
      await expect(one.read(service, soon())).rejects.toThrow(ConfigError);
      await expect(one.campaign(service, "a", soon())).rejects.toThrow(/is not a full proto name/);
      await expect(one.report(service, reportOf("a"), soon())).rejects.toThrow(ConfigError);
    }
    await expect(one.report(orders, reportOf("a/b"), soon())).rejects.toThrow(/is not a caller's id/);
  });

  test("ends every request with the reason of its signal", async () => {
    const change = { service: orders, revision: 0, policy: policyOf() };
    for (const request of [
      one.read(orders, late()),
      one.compareAndSet([change], late()),
      one.history(orders, late()),
      one.campaign(orders, "a", late()),
      one.leader(orders, late()),
      one.report(orders, reportOf("a"), late()),
      one.withdraw(orders, "a", late()),
      one.reports(orders, late()),
    ])
      await expect(request).rejects.toThrow("too late");
    expect((await one.read(orders, soon())).revision).toBe(0);
    expect(await one.leader(orders, soon())).toBeUndefined();
  });

  test("shows watchers each change of the policy, and the same object while it is unchanged", async () => {
    await using feed = under.connect().open(orders);
    let before = (await until(feed, () => true)).value;
    for (const gen of [1, 2, 3]) {
      await put(orders, { gen });
      const { value } = await until(feed, ({ policy }) => policy?.gen === gen, 1000);
      expect(value.revision).toBeGreaterThan(before.revision);
      before = value;
    }
    expect(before.policy).toEqual(policyOf({ gen: 3 }));
    expect(Object.isFrozen(before.policy?.rules)).toBe(true);
    registry.register([instanceOf()], never);
    const { value } = await until(feed, ({ instances }) => instances.length === 1);
    expect(value.policy).toBe(before.policy);
  });

  test("shows who opens a feed later the policy with the instances, at once", async () => {
    await put(orders);
    const registration = registry.register([instanceOf()], never);
    await until(registration.state, (state) => state === "visible");
    await using feed = under.connect().open(orders);
    const { value } = await until(feed, () => true);
    expect(value.policy).toEqual(policyOf());
    expect(value.instances).toHaveLength(1);
    await using others = under.connect().open(ordersArchive);
    expect((await until(others, () => true)).value.policy).toBeUndefined();
  });

  test("shows the last report of each caller until it is withdrawn, apart by service", async () => {
    expect(await one.report(orders, reportOf("b"), soon())).toBe(true);
    expect(await other.report(orders, reportOf("a"), soon())).toBe(true);
    expect(await one.report(orders, reportOf("b", 5), soon())).toBe(true);
    await one.report(ordersArchive, reportOf("c"), soon());
    expect(await other.reports(orders, soon())).toEqual([reportOf("a"), reportOf("b", 5)]);
    await one.withdraw(orders, "b", soon());
    await one.withdraw(orders, "b", soon());
    expect(await other.reports(orders, soon())).toEqual([reportOf("a")]);
    await one.report(orders, reportOf("b", 9), soon());
    expect(await other.reports(orders, soon())).toHaveLength(2);
  });

  test("refuses a report that readers would leave out", async () => {
    const [step] = reportOf("a").steps;
    const versions = { "1": { attempts: 1, failures: 2, latency: [] } };
    const wrong = { ...reportOf("a"), steps: [{ ...step!, versions }] };
    await expect(one.report(orders, wrong, soon())).rejects.toThrow(/more failures than attempts/);
    expect(await one.reports(orders, soon())).toEqual([]);
  });

  test("lets the callers with the lowest ids report when there are many", async () => {
    const id = (n: number): string => `c-${String(n).padStart(4, "0")}`;
    const many = Array.from({ length: mostReporters }, (_, n) => id(n * 2 + 1));
    await Promise.all(many.map((caller) => one.report(orders, reportOf(caller), soon())));
    expect(await other.report(orders, reportOf(id(9998)), soon())).toBe(false);
    expect(await other.reports(orders, soon())).toHaveLength(mostReporters);
    expect(await other.report(orders, reportOf(id(100)), soon())).toBe(true);

    const reports = await other.reports(orders, soon());
    const [displaced = ""] = many.slice(-1);
    expect(reports).toHaveLength(mostReporters);
    expect(reports.map(({ caller }) => caller)).not.toContain(displaced);
    // It finds out within 15 reports.
    await untilTrue(async () => !(await one.report(orders, reportOf(displaced), soon())));
    expect(await other.reports(orders, soon())).toEqual(reports);

    await other.withdraw(orders, id(100), soon());
    await untilTrue(() => one.report(orders, reportOf(displaced), soon()));
    expect((await other.reports(orders, soon())).at(-1)?.caller).toBe(displaced);
  });

  test("has one controller of a service at a time, and the next when it resigns", async () => {
    expect(await one.leader(orders, soon())).toBeUndefined();
    const first = await one.campaign(orders, "first", soon());
    expect(await other.leader(orders, soon())).toBe("first");
    let second: Awaited<ReturnType<RolloutStore["campaign"]>> | undefined;
    const waiting = other.campaign(orders, "second", soon()).then((leadership) => (second = leadership));
    // Another service's controller is another matter.
    const others = await other.campaign(ordersArchive, "second", soon());
    expect(second).toBeUndefined();
    expect(await other.leader(orders, soon())).toBe("first");
    await first.resign();
    await waiting;
    expect(await one.leader(orders, soon())).toBe("second");
    await first.resign();
    expect(await one.leader(orders, soon())).toBe("second");
    for (const leadership of [first, second!, others]) expect(leadership.lost.aborted).toBe(false);
    await second!.resign();
    await untilTrue(async () => (await one.leader(orders, soon())) === undefined);
  });

  test("lets exactly one of several who wait take over", async () => {
    const first = await one.campaign(orders, "first", soon());
    const taken: string[] = [];
    const waiting = ["a", "b", "c"].map(async (name) => {
      const leadership = await rolloutsOf(under.connect()).campaign(orders, name, soon());
      taken.push(name);
      expect(await one.leader(orders, soon())).toBe(name);
      await leadership.resign();
    });
    await first.resign();
    await Promise.all(waiting);
    expect(taken.toSorted()).toEqual(["a", "b", "c"]);
  });

  test("ends a campaign with the reason of its signal, and leaves no controller behind", async () => {
    const first = await one.campaign(orders, "first", soon());
    const stop = new AbortController();
    const waiting = other.campaign(orders, "second", stop.signal);
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await first.resign();
    expect(await one.leader(orders, soon())).toBeUndefined();
  });

  test("makes changes for the controller, and no more when it has been replaced", async () => {
    const first = await one.campaign(orders, "first", soon());
    const change = (revision: number, gen: number): PolicyChange[] => [
      { service: orders, revision, policy: policyOf({ gen }) },
    ];
    expect(await one.compareAndSet(change(0, 1), soon(), first)).toEqual({ won: true });
    const stored = await one.read(orders, soon());
    await first.resign();
    expect(await one.compareAndSet(change(stored.revision, 2), soon(), first)).toEqual({
      won: false,
      current: [stored],
    });
    const second = await other.campaign(orders, "second", soon());
    expect(await one.compareAndSet(change(stored.revision, 2), soon(), first)).toMatchObject({ won: false });
    expect(await other.compareAndSet(change(stored.revision, 2), soon(), second)).toEqual({ won: true });
    const foreign = await rolloutsOf(memoryRegistry()).campaign(orders, "third", soon());
    const changed = other.compareAndSet(change(stored.revision, 3), soon(), foreign);
    await expect(changed).rejects.toThrow(/leadership is not of this registry/);
  });

  test("ends campaigns and leaderships when it is disposed", async () => {
    const leadership = await one.campaign(orders, "first", soon());
    const waiting = one.campaign(orders, "again", soon());
    const ended = expect(waiting).rejects.toThrow(/closed/);
    await registry[Symbol.asyncDispose]();
    await ended;
    expect(leadership.lost.aborted).toBe(true);
    await leadership.resign();
  });
}
