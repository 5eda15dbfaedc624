import { createFeed, type RolloutPolicy, type Snapshot } from "@rollcall/core";
import { memoryRegistry } from "@rollcall/registry";
import { FakeClock } from "@rollcall/testing/clock";
import { describe, expect, it } from "vitest";
import { fakeLogger } from "../../../core/src/fixtures/fake-logger.js";
import { seededRandom } from "../../../testing/src/app/seed.js";
import { processStore } from "./fixtures/process-store.js";
import { restoreLostPolicy } from "./restorer.js";

const service = "test.v1.Echo";
const { signal } = new AbortController();
const known: RolloutPolicy = { gen: 7, stable: "1", rules: [], by: "ada", reason: "", at: 0 };

function setup(hosts = 1) {
  const clock = new FakeClock();
  const { logger, lines } = fakeLogger();
  const feed = createFeed<Snapshot>();
  const publish = (policy: RolloutPolicy | undefined, policyLost: boolean): void =>
    feed.publish({ service, revision: 1, instances: [], policy, policyLost });
  const store = processStore(memoryRegistry().rollouts!);
  const random = seededRandom(42);
  const end = new AbortController();
  const running = Array.from({ length: hosts }, (_, at) =>
    restoreLostPolicy({ service, candidate: `orders ${at}`, feed, store, clock, random, logger }, end.signal),
  );
  const stop = async (): Promise<void> => {
    end.abort();
    await Promise.all(running);
    expect(clock.pending).toBe(0);
  };
  const stored = async (): Promise<RolloutPolicy | undefined> => (await store.read(service, signal)).policy;
  return { clock, lines, publish, store, stored, stop };
}

describe("a policy that the registry has lost", () => {
  it("is put back within 2 s, by one of those who know it", async () => {
    const { clock, publish, stored, lines, stop } = setup(5);
    publish(known, false);
    await clock.advance(10_000);
    expect(await stored()).toBeUndefined();
    publish(known, true);
    await clock.advance(2_000);
    expect(await stored()).toEqual({
      ...known,
      gen: 8,
      by: expect.stringMatching(/^orders \d$/),
      reason: "restored: the document was missing",
      at: expect.any(Number),
    });
    expect(lines.map(({ msg }) => msg)).toEqual(["policy restored"]);
    await stop();
  });

  it("is not put back by who never knew it, or who learns that it is there again", async () => {
    const { clock, publish, store, stop } = setup();
    publish(undefined, true);
    await clock.advance(5_000);
    publish(known, true);
    await clock.advance(0);
    publish({ ...known, gen: 9 }, false);
    await clock.advance(5_000);
    expect(store.asked).toEqual([]);
    await stop();
  });

  it("never replaces one that is there", async () => {
    const { clock, publish, store, stored, stop } = setup();
    const other = { ...known, gen: 3, stable: "2" };
    await store.compareAndSet([{ service, revision: 0, policy: other }], signal);
    publish(known, true);
    await clock.advance(10_000);
    expect(await stored()).toEqual(other);
    await stop();
  });

  it.each(["fails", "hangs"] as const)("is put back later when the registry %s", async (trouble) => {
    const { clock, publish, store, stored, lines, stop } = setup();
    store.trouble = trouble;
    publish(known, true);
    await clock.advance(60_000);
    expect(store.asked.length).toBeLessThan(20);
    store.trouble = "none";
    await clock.advance(15_000);
    expect((await stored())?.gen).toBe(8);
    expect(lines.map(({ msg }) => msg)).toEqual([
      "requests to restore the policy of test.v1.Echo failed: trying again",
      "requests to restore the policy of test.v1.Echo work again",
      "policy restored",
    ]);
    await stop();
  });
});
