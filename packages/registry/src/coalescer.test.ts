import { expect, test } from "vitest";
import { createCoalescer } from "./coalescer.js";
import { FakeClock } from "@rollcall/testing/clock";

function started(): { clock: FakeClock; flushes: number[]; coalescer: ReturnType<typeof createCoalescer> } {
  const clock = new FakeClock();
  const startedAt = clock.now();
  const flushes: number[] = [];
  const coalescer = createCoalescer({ clock, flush: () => flushes.push(clock.now() - startedAt) });
  return { clock, flushes, coalescer };
}

test("flushes the first change at once and gathers the rest of the window", async () => {
  const { clock, flushes, coalescer } = started();
  coalescer.changed();
  await clock.advance(10);
  coalescer.changed();
  coalescer.changed();
  await clock.advance(100);
  expect(flushes).toEqual([0, 50]);
});

test("opens a window after each flush and is idle again after one without changes", async () => {
  const { clock, flushes, coalescer } = started();
  for (let at = 0; at < 12; at += 1) {
    coalescer.changed();
    await clock.advance(10);
  }
  await clock.advance(200);
  coalescer.changed();
  expect(flushes).toEqual([0, 50, 100, 150, 320]);
});

test("flushes an urgent change at once, with what was pending", async () => {
  const { clock, flushes, coalescer } = started();
  coalescer.changed();
  await clock.advance(10);
  coalescer.changed();
  coalescer.changed(true);
  await clock.advance(30);
  coalescer.changed();
  await clock.advance(100);
  expect(flushes).toEqual([0, 10, 60]);
});

test("drops what is pending when it is closed", async () => {
  const { clock, flushes, coalescer } = started();
  coalescer.changed();
  coalescer.changed();
  coalescer.close();
  await clock.advance(100);
  expect(flushes).toEqual([0]);
  expect(clock.pending).toBe(0);
});
