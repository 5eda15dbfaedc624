import { describe, expect, it } from "vitest";
import { createFeed, type FeedSource } from "../ports/feed.js";
import type { ServiceInstance, Snapshot } from "../ports/registry.js";
import type { Transport } from "../ports/transport.js";
import { Membership } from "./membership.js";
import type { ClusterEndpoint } from "./endpoint.js";
import { suspects, suspicionWindowMs } from "./suspicion.js";

function instance(id: string): ServiceInstance {
  const labels = {};
  const common = { app: "a", service: "s", version: "1", track: "stable", zone: "", features: [], labels };
  return { ...common, id, incarnation: "1-a", address: id, weight: 100, state: "up" };
}

/** Connections that are ready and whose calls never end, so that no probe gets an answer. */
const transport: Transport = {
  connect: () => ({
    state: "ready",
    call: () => new Promise(() => {}),
    onChange: () => () => {},
    close: () => Promise.resolve(),
  }),
};

function scene(): { show(ids: readonly string[]): Promise<readonly string[]>; pass(ms: number): void } {
  const feed: FeedSource<Snapshot> = createFeed<Snapshot>();
  let nowMs = 0;
  let available: readonly string[] = [];
  const never = (): Promise<void> => new Promise(() => {});
  const clock = { now: () => nowMs, timer: () => () => {}, sleep: never };
  const logger = { warn() {}, error() {} } as never;
  const env = { service: "s", feed, transport, clock, random: () => 0.5, logger };
  const membership: Membership = new Membership(env, () => {
    available = membership.available.map((each) => each.instance.id);
  });
  return {
    async show(ids) {
      feed.publish({ service: "s", revision: 1, instances: ids.map(instance) });
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      void membership;
      return available.toSorted();
    },
    pass: (ms) => void (nowMs += ms),
  };
}

describe("instances that vanish without a goodbye", () => {
  it("believes in the loss of one, and keeps the others that follow it one by one", async () => {
    const { show, pass } = scene();
    await show(["a", "b", "c"]);
    expect(await show(["b", "c"])).toEqual(["b", "c"]);
    pass(200);
    expect(await show(["c"])).toEqual(["b", "c"]);
    pass(200);
    expect(await show([])).toEqual(["b", "c"]);
  });

  it("believes in losses that lie further apart", async () => {
    const { show, pass } = scene();
    await show(["a", "b", "c"]);
    await show(["b", "c"]);
    pass(suspicionWindowMs + 1);
    expect(await show(["c"])).toEqual(["c"]);
  });

  it("forgets the loss of one that has come back", async () => {
    const { show, pass } = scene();
    await show(["a", "b", "c"]);
    await show(["b", "c"]);
    pass(200);
    await show(["a", "b", "c"]);
    expect(await show(["a", "c"])).toEqual(["a", "c"]);
  });
});

describe("suspicion", () => {
  const doubted = (up: number, vanished: number, missing = 0): boolean =>
    suspects(
      up,
      Array.from({ length: vanished }, () => ({}) as ClusterEndpoint),
      missing,
    ).length > 0;

  it("believes that one instance, or 15 %, are gone", () => {
    expect(doubted(2, 1)).toBe(false);
    expect(doubted(20, 3)).toBe(false);
    expect(doubted(100, 15)).toBe(false);
    expect(doubted(90, 5, 10)).toBe(false);
  });

  it("doubts that more than max(1, 15 %) are gone at once, or shortly after each other", () => {
    expect(doubted(3, 2)).toBe(true);
    expect(doubted(13, 2)).toBe(true);
    expect(doubted(20, 4)).toBe(true);
    expect(doubted(100, 16)).toBe(true);
    expect(doubted(90, 6, 10)).toBe(true);
  });

  it("doubts that the last one is gone", () => {
    expect(doubted(1, 1)).toBe(true);
    expect(doubted(2, 2)).toBe(true);
  });

  it("has nobody to doubt when nobody vanished", () => {
    expect(doubted(0, 0)).toBe(false);
    expect(doubted(5, 0)).toBe(false);
  });
});
