import {
  Code,
  createFeed,
  type CallerReport,
  type Endpoint,
  type Rollout,
  type Snapshot,
} from "@rollcall/core";
import { memoryRegistry } from "@rollcall/registry";
import { FakeClock } from "@rollcall/testing/clock";
import { describe, expect, it } from "vitest";
import { callOn, instance } from "../../../core/src/fixtures/contracts.js";
import { fakeLogger } from "../../../core/src/fixtures/fake-logger.js";
import { processStore } from "./fixtures/process-store.js";
import { rolloutOf } from "./fixtures/reports.js";
import { Reporter } from "./reporter.js";

const service = "test.v1.Echo";
const { signal } = new AbortController();

function setup(caller = "c1") {
  const clock = new FakeClock();
  const { logger, lines } = fakeLogger();
  const registry = memoryRegistry();
  const store = processStore(registry.rollouts!);
  const feed = createFeed<Snapshot>();
  const become = (rollout: Rollout | undefined): void => {
    const policy = { gen: 1, stable: "1", rules: [], rollout, by: "", reason: "", at: 0 };
    feed.publish({ service, revision: 1, instances: [], policy });
  };
  become(rolloutOf());
  const reporter = new Reporter({ service, caller, feed, store, clock, random: () => 0.5, logger });
  const attempt = (code: Code = Code.Ok): void => {
    const endpoint = { instance: instance("a", { version: "2" }) } as Endpoint;
    reporter.recorder.record(endpoint, { code, latencyMs: 1, processed: "yes" }, callOn());
  };
  const stored = (): Promise<readonly CallerReport[]> => registry.rollouts!.reports(service, signal);
  const attempts = async (): Promise<number | undefined> =>
    (await stored())[0]?.steps[0]?.versions["2"]?.attempts;
  return { clock, lines, registry, store, become, reporter, attempt, stored, attempts };
}

describe("a reporter", () => {
  it("reports the first attempt at once, then every 2 s what is new", async () => {
    const { clock, attempt, attempts, store } = setup();
    attempt();
    await clock.advance(0);
    expect(await attempts()).toBe(1);
    attempt();
    await clock.advance(1_999);
    expect(await attempts()).toBe(1);
    await clock.advance(1);
    expect(await attempts()).toBe(2);
    await clock.advance(20_000);
    expect(store.asked).toEqual(["report", "report"]);
    await clock.advance(20_000);
    expect(store.asked).toEqual(["report", "report", "report"]);
  });

  it("does nothing while there is no rollout", async () => {
    const { clock, attempt, become, store } = setup();
    become(undefined);
    attempt();
    become(rolloutOf({ state: "aborted" }));
    attempt();
    await clock.advance(60_000);
    expect(store.asked).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("takes its report back when the rollout ends, and rests", async () => {
    const { clock, attempt, become, stored } = setup();
    attempt();
    await clock.advance(0);
    become(rolloutOf({ state: "promoted" }));
    await clock.advance(2_000);
    expect(await stored()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("begins anew with another rollout", async () => {
    const { clock, attempt, become, stored } = setup();
    attempt();
    await clock.advance(0);
    become(rolloutOf({ id: "r2" }));
    await clock.advance(2_000);
    expect(await stored()).toEqual([]);
    attempt();
    await clock.advance(0);
    expect(await stored()).toMatchObject([{ rollout: "r2" }]);
    become(rolloutOf({ id: "r3" }));
    attempt();
    await clock.advance(2_000);
    expect(await stored()).toMatchObject([{ rollout: "r3" }]);
  });

  it("asks again only now and then where enough others report", async () => {
    const { clock, attempt, attempts, store, registry } = setup("z");
    for (let other = 0; other < 200; other++) {
      await registry.rollouts!.report(service, { caller: `c${other}`, rollout: "r1", steps: [] }, signal);
    }
    attempt();
    await clock.advance(29_000);
    expect(store.asked).toEqual(["report"]);
    for (let other = 0; other < 200; other++) {
      await registry.rollouts!.withdraw(service, `c${other}`, signal);
    }
    await clock.advance(1_000);
    expect(await attempts()).toBe(1);
  });

  it.each(["fails", "hangs"] as const)("goes on when a store %s, and warns once", async (trouble) => {
    const { clock, attempt, attempts, store, lines } = setup();
    store.trouble = trouble;
    attempt();
    await clock.advance(30_000);
    expect(store.asked.length).toBeGreaterThan(2);
    expect(store.asked.length).toBeLessThan(16);
    expect(lines.map(({ msg }) => msg)).toEqual(["reports of attempts on test.v1.Echo failed: trying again"]);
    store.trouble = "none";
    await clock.advance(15_000);
    expect(await attempts()).toBe(1);
    expect(lines.at(-1)?.msg).toBe("reports of attempts on test.v1.Echo work again");
  });

  it("takes its report back when it is closed, for 500 ms at most", async () => {
    const first = setup();
    first.attempt();
    await first.clock.advance(0);
    await first.reporter.close();
    expect(await first.stored()).toEqual([]);
    first.attempt();
    expect(first.clock.pending).toBe(0);

    const second = setup();
    second.attempt();
    await second.clock.advance(0);
    second.store.trouble = "hangs";
    const closing = second.reporter.close();
    await second.clock.advance(500);
    await closing;
    expect(second.clock.pending).toBe(0);
  });
});
