import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { settle } from "@rollcall/testing/clock";
import { TimerQueue, type TimerDriver } from "./timer-queue.js";

/** A machine with one timer, which is as late as it is told to be. */
class Machine implements TimerDriver {
  nowMs = 0;
  holds = true;
  /** How many timers it has been given. */
  starts = 0;
  #timer: { readonly dueMs: number; readonly fire: () => void } | undefined;

  now(): number {
    return this.nowMs;
  }

  start(ms: number, fire: () => void): ReturnType<TimerDriver["start"]> {
    expect(this.#timer).toBeUndefined();
    expect(ms).toBeLessThan(2 ** 31);
    const timer = { dueMs: this.nowMs + ms, fire };
    this.#timer = timer;
    this.holds = true;
    this.starts++;
    return {
      ref: () => (this.holds = true),
      unref: () => (this.holds = false),
      stop: () => {
        if (this.#timer === timer) this.#timer = undefined;
      },
    };
  }

  lose(): void {
    this.#timer = undefined;
  }

  get armed(): boolean {
    return this.#timer !== undefined;
  }

  advance(ms: number): void {
    const end = this.nowMs + ms;
    for (let timer = this.#timer; timer && timer.dueMs <= end; timer = this.#timer) {
      this.nowMs = Math.max(this.nowMs, timer.dueMs);
      this.#timer = undefined;
      timer.fire();
    }
    this.nowMs = end;
  }
}

describe("a queue of timers", () => {
  it("fires each once, never early, at most 4 ms late, and none that was stopped", () => {
    const step = fc.record({
      ms: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.double({ min: 0.01, max: 2 ** 33, noNaN: true })),
      stops: fc.boolean(),
      advance: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant(2 ** 31)),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const machine = new Machine();
        const queue = new TimerQueue(machine);
        const due = new Map<number, number>();
        steps.forEach(({ ms, stops, advance }, n) => {
          const atMs = machine.nowMs + ms;
          const stop = queue.add(ms, () => {
            expect(machine.nowMs).toBeGreaterThanOrEqual(atMs);
            expect(due.delete(n)).toBe(true);
          });
          due.set(n, atMs);
          if (stops) {
            stop();
            stop();
            due.delete(n);
          }
          expect(machine.armed || due.size === 0).toBe(true);
          expect(machine.holds || due.size === 0).toBe(true);
          machine.advance(advance);
          for (const left of due.values()) expect(left + 4).toBeGreaterThan(machine.nowMs);
        });
        machine.advance(2 ** 34);
        expect(due.size).toBe(0);
        expect(machine.armed).toBe(false);
      }),
    );
  });

  it("fires those of different times in their order, also when the machine is late", () => {
    const machine = new Machine();
    const queue = new TimerQueue(machine);
    const fired: string[] = [];
    for (const ms of [90, 50, 70, 51]) queue.add(ms, () => fired.push(`${ms}`));
    machine.nowMs = 500;
    machine.advance(0);
    expect(fired).toEqual(["50", "51", "70", "90"]);
  });

  it("takes what is added and stopped by one that fires", () => {
    const machine = new Machine();
    const queue = new TimerQueue(machine);
    const fired: string[] = [];
    queue.add(50, () => {
      stop();
      queue.add(0, () => fired.push("added"));
    });
    const stop = queue.add(50, () => fired.push("stopped"));
    machine.advance(60);
    expect(fired).toEqual(["added"]);
  });

  it("lets the process end when nobody waits, and holds it again for the next", () => {
    const machine = new Machine();
    const queue = new TimerQueue(machine);
    queue.add(100, () => {})();
    expect(machine.holds).toBe(false);
    queue.add(1_000, () => {});
    expect(machine.holds).toBe(true);
    machine.advance(200);
    expect(machine.holds).toBe(true);
  });

  it("goes on when the machine has lost its timer", () => {
    const machine = new Machine();
    const queue = new TimerQueue(machine);
    const fired: string[] = [];
    queue.add(50, () => fired.push("lost"));
    machine.lose();
    machine.advance(500);
    queue.add(100, () => fired.push("early"));
    machine.advance(2_000);
    expect(fired).toEqual([]);
    queue.add(100, () => fired.push("late"));
    machine.advance(0);
    expect(fired).toEqual(["lost", "early"]);
    machine.advance(110);
    expect(fired).toEqual(["lost", "early", "late"]);
  });

  it("starts a timer that is late once more, and not for each that is added until it fires", () => {
    const machine = new Machine();
    const queue = new TimerQueue(machine);
    queue.add(50, () => {});
    // The process does not come to its timers.
    machine.nowMs = 5_000;
    for (let n = 0; n < 100; n++) queue.add(10_000, () => {});
    expect(machine.starts).toBe(2);
  });

  describe("with one that throws", () => {
    const listeners = process.listeners("uncaughtException");
    afterEach(() => {
      process.removeAllListeners("uncaughtException");
      for (const each of listeners) process.on("uncaughtException", each);
    });

    it("fires the others, and reports the error as uncaught", async () => {
      const uncaught: unknown[] = [];
      process.removeAllListeners("uncaughtException");
      process.on("uncaughtException", (error) => uncaught.push(error));
      const machine = new Machine();
      const queue = new TimerQueue(machine);
      const failure = new Error("fires badly");
      let fired = 0;
      queue.add(50, () => {
        throw failure;
      });
      queue.add(50, () => fired++);
      queue.add(60, () => fired++);
      machine.advance(100);
      await settle();
      expect(fired).toBe(2);
      expect(uncaught).toEqual([failure]);
    });
  });
});
