import { describe, expect, it } from "vitest";
import { FakeClock } from "./fake-clock.js";
import { ProcessClock } from "./process-clock.js";

function process(): { clock: FakeClock; own: ProcessClock; fired: number[] } {
  const clock = new FakeClock(0);
  return { clock, own: new ProcessClock(clock), fired: [] };
}

describe("the clock of a simulated process", () => {
  it("fires what falls due while the process is paused when it goes on", async () => {
    const { clock, own, fired } = process();
    for (const ms of [10, 20, 100]) own.timer(ms, () => fired.push(clock.now()));
    own.pause();
    own.pause();
    own.timer(5, () => fired.push(-clock.now()));
    await clock.advance(50);
    expect(fired).toEqual([]);
    own.resume();
    own.resume();
    await clock.advance(0);
    expect(fired).toEqual([50, 50, -50]);
    await clock.advance(50);
    expect(fired).toEqual([50, 50, -50, 100]);
  });

  it("fires nothing once the process is dead, and leaves nothing behind", async () => {
    const { clock, own, fired } = process();
    own.timer(10, () => fired.push(1));
    own.kill();
    own.timer(10, () => fired.push(2));
    own.resume();
    await clock.advance(100);
    expect(fired).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("cancels timers in every state, and never fires an infinite one", async () => {
    const { clock, own, fired } = process();
    own.timer(Infinity, () => fired.push(0));
    const stops = [10, 20].map((ms) => own.timer(ms, () => fired.push(ms)));
    stops[0]?.();
    own.pause();
    stops[1]?.();
    own.resume();
    await clock.advance(100);
    expect(fired).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("sleeps by its own time", async () => {
    const { clock, own } = process();
    let woke = 0;
    void own.sleep(10).then(() => (woke = own.now()));
    own.pause();
    await clock.advance(30);
    own.resume();
    await clock.advance(0);
    expect(woke).toBe(30);
  });
});
