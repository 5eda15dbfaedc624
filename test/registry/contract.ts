import { ConfigError, type RegistryBackend, type Snapshot } from "@rollcall/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { instanceOf, nextIncarnation } from "./instance.js";
import { until } from "./until.js";

/** A registry as several processes use it. */
export interface RegistryUnderTest extends AsyncDisposable {
  /** The view of one process; a registry inside one process gives the same each time. */
  connect(): RegistryBackend;
}

const never = new AbortController().signal;
const soon = (): AbortSignal => AbortSignal.timeout(5000);
const orders = "shop.v1.Orders";
const refunds = "shop.v1.Refunds";

function ids({ instances }: Snapshot): string[] {
  return instances.map(({ id }) => id);
}

/** What holds for every registry. */
export function registryContract(start: () => Promise<RegistryUnderTest>): void {
  let under: RegistryUnderTest;
  let server: RegistryBackend;
  let caller: RegistryBackend;

  beforeEach(async () => {
    under = await start();
    server = under.connect();
    caller = under.connect();
  });
  afterEach(() => under[Symbol.asyncDispose]());

  test("is ready when it answers", async () => {
    await expect(server.ready(soon())).resolves.toBeUndefined();
    await expect(server.ready(AbortSignal.abort(new Error("too late")))).rejects.toThrow("too late");
  });

  test("has an empty snapshot for a service nobody offers", async () => {
    await using feed = caller.open("shop.v1.Nothing");
    const { value } = await until(feed, () => true);
    expect(value).toMatchObject({ service: "shop.v1.Nothing", instances: [] });
  });

  test("shows all services of a process, with every field", async () => {
    await using feed = caller.open(orders);
    await using others = caller.open(refunds);
    const incarnation = nextIncarnation();
    const instance = instanceOf({
      incarnation,
      track: "canary",
      weight: 0,
      zone: "zürich",
      features: ["link"],
      labels: { commit: "abc", "a b": "ü" },
    });
    const other = instanceOf({ incarnation, service: refunds });
    const registration = server.register([instance, other], never);
    await until(registration.state, (state) => state === "visible");
    const { value } = await until(feed, ({ instances }) => instances.length === 1);
    expect(value.instances).toEqual([instance]);
    expect((await until(others, ({ instances }) => instances.length === 1)).value.instances).toEqual([other]);
  });

  test("shows what was there before a feed was opened", async () => {
    const registration = server.register([instanceOf()], never);
    await until(registration.state, (state) => state === "visible");
    await using feed = caller.open(orders);
    expect(ids((await until(feed, () => true)).value)).toEqual(["10.0.0.1:8080"]);
  });

  test("sorts by id, freezes snapshots and raises the revision", async () => {
    await using feed = caller.open(orders);
    let before = (await until(feed, () => true)).value;
    for (const address of ["10.0.0.2:1", "10.0.0.10:1", "10.0.0.1:1"]) {
      server.register([instanceOf({ address })], never);
      const { value } = await until(feed, (snapshot) => ids(snapshot).includes(address));
      expect(value.revision).toBeGreaterThan(before.revision);
      before = value;
    }
    expect(ids(before)).toEqual(["10.0.0.10:1", "10.0.0.1:1", "10.0.0.2:1"].toSorted());
    expect(Object.isFrozen(before) && Object.isFrozen(before.instances)).toBe(true);
  });

  test("keeps the objects of instances that did not change", async () => {
    await using feed = caller.open(orders);
    server.register([instanceOf({ address: "10.0.0.1:1" })], never);
    const before = (await until(feed, ({ instances }) => instances.length === 1)).value;
    server.register([instanceOf({ address: "10.0.0.2:1" })], never);
    const after = (await until(feed, ({ instances }) => instances.length === 2)).value;
    expect(after.instances[0]).toBe(before.instances[0]);
  });

  test("changes weight and state of all services of a process", async () => {
    await using feed = caller.open(orders);
    await using others = caller.open(refunds);
    const incarnation = nextIncarnation();
    const all = [instanceOf({ incarnation }), instanceOf({ incarnation, service: refunds })];
    const registration = server.register(all, never);
    await registration.update({ weight: 7 });
    await registration.update({ state: "draining" });
    for (const each of [feed, others]) {
      const { value } = await until(each, ({ instances }) => instances[0]?.state === "draining");
      expect(value.instances[0]).toMatchObject({ weight: 7, incarnation });
    }
    expect(registration.state.current).toBe("visible");
  });

  test("has its record when an update resolves", async () => {
    const registration = server.register([instanceOf()], never);
    await registration.update({ weight: 3 });
    await using feed = caller.open(orders);
    expect((await until(feed, () => true)).value.instances[0]?.weight).toBe(3);
  });

  test("forgets a process that deregisters", async () => {
    await using feed = caller.open(orders);
    const registration = server.register([instanceOf()], never);
    await until(feed, ({ instances }) => instances.length === 1);
    await registration.deregister(soon());
    await using later = under.connect().open(orders);
    expect((await until(later, () => true)).value.instances).toEqual([]);
    await until(feed, ({ instances }) => instances.length === 0);
    await registration.deregister(soon());
    await expect(registration.update({ weight: 1 })).rejects.toThrow("ended");
  });

  test("leaves records alone when a registration's signal aborts, until it is deregistered", async () => {
    await using feed = caller.open(orders);
    const stop = new AbortController();
    const registration = server.register([instanceOf()], stop.signal);
    await until(feed, ({ instances }) => instances.length === 1);
    await until(registration.state, (state) => state === "visible");
    stop.abort();
    await using later = under.connect().open(orders);
    expect((await until(later, () => true)).value.instances).toHaveLength(1);
    await registration.deregister(soon());
    await until(feed, ({ instances }) => instances.length === 0);
  });

  test("gives an address to the newer incarnation, whose record the older one leaves alone", async () => {
    await using feed = caller.open(orders);
    const [older, newer] = [instanceOf({ version: "1" }), instanceOf({ version: "2" })];
    const first = server.register([older], never);
    await until(first.state, (state) => state === "visible");
    const second = under.connect().register([newer], never);
    await until(second.state, (state) => state === "visible");
    await until(first.state, (state) => state === "lost");
    await until(feed, ({ instances }) => instances[0]?.version === "2");
    await first.deregister(soon());
    await using later = under.connect().open(orders);
    expect((await until(later, () => true)).value.instances).toEqual([newer]);
    expect(second.state.current).toBe("visible");
  });

  test("makes an older incarnation wait until the address is free", async () => {
    await using feed = caller.open(orders);
    const [older, newer] = [instanceOf({ version: "1" }), instanceOf({ version: "2" })];
    const first = server.register([newer], never);
    await until(first.state, (state) => state === "visible");
    const second = under.connect().register([older], never);
    await until(feed, ({ instances }) => instances.length === 1);
    expect(second.state.current).toBe("pending");
    await first.deregister(soon());
    await until(feed, ({ instances }) => instances[0]?.version === "1");
    await until(second.state, (state) => state === "visible");
  });

  test("registers none of a process's services when one address clashes", async () => {
    await using feed = caller.open(refunds);
    const incarnation = nextIncarnation();
    const first = under.connect().register([instanceOf()], never);
    await until(first.state, (state) => state === "visible");
    const second = server.register(
      [instanceOf({ incarnation }), instanceOf({ incarnation, service: refunds })],
      never,
    );
    expect((await until(feed, () => true)).value.instances).toEqual([]);
    await first.deregister(soon());
    await until(second.state, (state) => state === "visible");
    await until(feed, ({ instances }) => instances.length === 1);
  });

  test("shares a service's feed among its readers until the last is disposed", async () => {
    const first = caller.open(orders);
    const second = caller.open(orders);
    const snapshot = (await until(first, () => true)).value;
    expect(second.current).toBe(snapshot);
    const waiting = first.next(snapshot, never);
    await first[Symbol.asyncDispose]();
    await expect(waiting).rejects.toThrow("disposed");
    server.register([instanceOf()], never);
    await until(second, ({ instances }) => instances.length === 1);
    await second[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
    await using third = caller.open(orders);
    await until(third, ({ instances }) => instances.length === 1);
  });

  test("ends a wait with the reason of its signal", async () => {
    await using feed = caller.open(orders);
    const { value } = await until(feed, () => true);
    const stop = new AbortController();
    const waiting = feed.next(value, stop.signal);
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });

  test("refuses instances that readers would drop", async () => {
    expect(() => server.register([instanceOf({ address: "unix:///tmp/socket" })], never)).toThrow(
      ConfigError,
    );
    expect(() => server.register([instanceOf({ weight: -1 })], never)).toThrow(/weight/);
    const twice = instanceOf();
    expect(() => server.register([twice, twice], never)).toThrow(/offered twice/);
    const registration = server.register([instanceOf()], never);
    await expect(registration.update({ weight: Number.NaN })).rejects.toThrow(ConfigError);
  });

  test("lists what there is now, of one service or all, by service and id", async () => {
    expect(await caller.list(undefined, soon())).toEqual([]);
    const incarnation = nextIncarnation();
    const all = [
      instanceOf({ incarnation, service: refunds, labels: { a: "b" } }),
      instanceOf({ incarnation, address: "10.0.0.2:1" }),
    ];
    await until(server.register(all, never).state, (state) => state === "visible");
    const other = instanceOf({ address: "10.0.0.10:1", state: "draining" });
    await until(under.connect().register([other], never).state, (state) => state === "visible");
    const listed = await caller.list(undefined, soon());
    expect(listed.map(({ instance }) => instance)).toEqual([other, all[1], all[0]]);
    for (const { leaseLeftMs = 1 } of listed) expect(leaseLeftMs).toBeGreaterThan(0);
    expect((await caller.list(refunds, soon())).map(({ instance }) => instance)).toEqual([all[0]]);
    expect(await caller.list("shop.v1.Order", soon())).toEqual([]);
    await expect(caller.list(orders, AbortSignal.abort(new Error("too late")))).rejects.toThrow("too late");
  });

  test("is visible with nothing to register", async () => {
    const registration = server.register([], never);
    await until(registration.state, (state) => state === "visible");
    await registration.update({ state: "draining" });
    await registration.deregister(soon());
  });
}
