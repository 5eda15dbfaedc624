import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { createFeed } from "./feed.js";

const { signal } = new AbortController();

describe("a feed", () => {
  it("gives the current value at once to a reader that has not seen it, and waits otherwise", async () => {
    const feed = createFeed("a");
    expect(await feed.next(undefined, signal)).toBe("a");
    const next = feed.next("a", signal);
    feed.publish("b");
    expect(await next).toBe("b");
    expect(feed.current).toBe("b");
  });

  it("wakes every reader, and nobody for the same value", async () => {
    const feed = createFeed<object>();
    const value = {};
    const readers = [feed.next(undefined, signal), feed.next(undefined, signal)];
    feed.publish(value);
    expect(await Promise.all(readers)).toEqual([value, value]);
    const woken = vi.fn<() => void>();
    void feed.next(value, signal).then(woken);
    feed.publish(value);
    await Promise.resolve();
    expect(woken).not.toHaveBeenCalled();
  });

  it("rejects with the signal's reason and forgets the reader", async () => {
    const feed = createFeed("a");
    const reason = new Error("enough");
    await expect(feed.next(undefined, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const next = feed.next("a", controller.signal);
    controller.abort(reason);
    await expect(next).rejects.toBe(reason);
    feed.publish("b");
  });

  it("lets go of the signal of a reader that was woken", async () => {
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, "removeEventListener");
    const feed = createFeed<string>();
    const next = feed.next(undefined, controller.signal);
    feed.publish("a");
    await next;
    expect(removed).toHaveBeenCalledTimes(1);
  });

  it("shows a reader a part of what was published, in order, that ends with the newest", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(3), fc.boolean()), { minLength: 1 }), async (steps) => {
        const feed = createFeed<number>();
        const published: number[] = [];
        const seen: number[] = [];
        for (const [value, reads] of steps) {
          feed.publish(value);
          if (published.at(-1) !== value) published.push(value);
          if (reads && feed.current !== seen.at(-1)) seen.push(await feed.next(seen.at(-1), signal));
        }
        let at = -1;
        for (const value of seen) {
          at = published.indexOf(value, at + 1);
          expect(at).toBeGreaterThanOrEqual(0);
        }
        expect(feed.current).toBe(published.at(-1));
      }),
    );
  });
});
