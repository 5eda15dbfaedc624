import { setImmediate } from "node:timers/promises";
import {
  assert,
  asyncProperty,
  array,
  constantFrom,
  integer,
  nat,
  oneof,
  record,
  type Arbitrary,
} from "fast-check";
import { describe, expect, it } from "vitest";
import { FakeClock } from "./fake-clock.js";

type Step =
  | { readonly do: "set"; readonly ms: number }
  | { readonly do: "nested"; readonly ms: number; readonly thenMs: number }
  | { readonly do: "cancel"; readonly which: number }
  | { readonly do: "advance"; readonly ms: number };

const ms = integer({ min: 0, max: 20 });
const steps: Arbitrary<Step[]> = array(
  oneof(
    record({ do: constantFrom("set" as const), ms }),
    record({ do: constantFrom("nested" as const), ms, thenMs: ms }),
    record({ do: constantFrom("cancel" as const), which: nat(30) }),
    record({ do: constantFrom("advance" as const), ms }),
  ),
  { maxLength: 60 },
);

interface Expected {
  readonly name: string;
  readonly at: number;
  readonly order: number;
  readonly nestedMs?: number;
}

/** A clock so simple that it must be right: the earliest of a list, again and again. */
class Model {
  now = 0;
  order = 0;
  timers: Expected[] = [];
  readonly fired: string[] = [];

  set(name: string, after: number, nestedMs?: number): void {
    this.timers.push({
      name,
      at: this.now + after,
      order: this.order++,
      ...(nestedMs === undefined ? {} : { nestedMs }),
    });
  }

  advance(by: number): void {
    const until = this.now + by;
    for (;;) {
      const [next] = this.timers
        .filter(({ at }) => at <= until)
        .toSorted((a, b) => a.at - b.at || a.order - b.order);
      if (!next) break;
      this.timers = this.timers.filter((each) => each !== next);
      this.now = next.at;
      this.fired.push(`${next.name} at ${next.at}`);
      if (next.nestedMs !== undefined) this.set(`${next.name}+`, next.nestedMs);
    }
    this.now = until;
  }
}

describe("the fake clock", () => {
  it("fires what a list of timers would: in order, equal times as set, nested ones too, cancelled ones never", async () => {
    await assert(
      asyncProperty(steps, async (all) => {
        const clock = new FakeClock(0);
        const model = new Model();
        const fired: string[] = [];
        const cancels: { readonly name: string; stop(): void }[] = [];
        const note = (name: string) => (): void => void fired.push(`${name} at ${clock.now()}`);
        for (const [n, step] of all.entries()) {
          const name = `t${n}`;
          if (step.do === "set") {
            cancels.push({ name, stop: clock.timer(step.ms, note(name)) });
            model.set(name, step.ms);
          } else if (step.do === "nested") {
            const fire = (): void => {
              note(name)();
              clock.timer(step.thenMs, note(`${name}+`));
            };
            cancels.push({ name, stop: clock.timer(step.ms, fire) });
            model.set(name, step.ms, step.thenMs);
          } else if (step.do === "cancel") {
            const cancel = cancels[step.which];
            cancel?.stop();
            model.timers = model.timers.filter((each) => each.name !== cancel?.name);
          } else {
            await clock.advance(step.ms);
            model.advance(step.ms);
          }
          expect(clock.pending).toBe(model.timers.length);
          expect(clock.now()).toBe(model.now);
        }
        expect(fired).toEqual(model.fired);
        const next = Math.min(...model.timers.map(({ at }) => at));
        expect(clock.nextInMs).toBe(next === Infinity ? undefined : next - model.now);
      }),
      { numRuns: 300 },
    );
  });

  it("lets what a timer sets in motion come to rest before the next one fires", async () => {
    const clock = new FakeClock();
    const seen: string[] = [];
    const chain = async (name: string): Promise<void> => {
      for (let n = 0; n < 20; n++) await Promise.resolve();
      await setImmediate();
      await setImmediate();
      seen.push(name);
    };
    clock.timer(5, () => void chain("first"));
    clock.timer(5, () => void chain("second"));
    clock.timer(6, () => void seen.push("third"));
    await clock.advance(10);
    expect(seen).toEqual(["first", "second", "third"]);
  });

  it("stands still between timers: each sees its own time", async () => {
    const clock = new FakeClock(1_000);
    const seen: number[] = [];
    for (const after of [30, 10, 20]) clock.timer(after, () => seen.push(clock.now()));
    await clock.advance(100);
    expect(seen).toEqual([1_010, 1_020, 1_030]);
    expect(clock.now()).toBe(1_100);
  });

  it("fires a negative or zero delay when it is next advanced, by nothing too, and an infinite one never", async () => {
    const clock = new FakeClock();
    const fired: number[] = [];
    for (const after of [-5, 0, Infinity]) clock.timer(after, () => fired.push(after));
    await setImmediate();
    expect(fired).toEqual([]);
    await clock.advance(0);
    expect(fired).toEqual([-5, 0]);
    expect(clock.pending).toBe(0);
  });

  it("sleeps until its time, or until the signal", async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const woken = clock.sleep(10);
    const aborted = clock.sleep(10, controller.signal);
    controller.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    expect(clock.pending).toBe(1);
    await clock.advance(10);
    await woken;
  });

  it("advances to a time, and never back", async () => {
    const clock = new FakeClock(1_000);
    await clock.advanceTo(1_500);
    await clock.advanceTo(1_200);
    expect(clock.now()).toBe(1_500);
    for (const wrong of [-1, Number.NaN, Infinity])
      await expect(clock.advance(wrong)).rejects.toThrow(RangeError);
  });

  it("keeps its order when many timers were cancelled", async () => {
    const clock = new FakeClock(0);
    const fired: number[] = [];
    const cancels = Array.from({ length: 10_000 }, (_, n) => {
      const after = (n * 7919) % 10_000;
      return { after, stop: clock.timer(after, () => fired.push(after)) };
    });
    for (const { after, stop } of cancels) if (after % 10 > 0) stop();
    expect(clock.pending).toBe(1_000);
    await clock.advance(10_000);
    expect(fired).toEqual(Array.from({ length: 1_000 }, (_, n) => n * 10));
    expect(clock.nextInMs).toBeUndefined();
  });
});
