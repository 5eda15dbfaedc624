import { describe, expect, it } from "vitest";
import { settle } from "@rollcall/testing/clock";
import { flow, isFlow, iteratorOf, type Flow, type Sink } from "./flow.js";
import { mapStream } from "./stream.js";

/** A flow that is fed by hand. */
function fed() {
  let sink: Sink<number> | undefined;
  const over = Promise.withResolvers<void>();
  const rooms: (Promise<void> | undefined)[] = [];
  const left: string[] = [];
  const stream: Flow<number> = {
    flowInto(into) {
      sink = into;
      return over.promise;
    },
    [Symbol.asyncIterator]: () => iteratorOf(stream.flowInto, () => left.push("left")),
  };
  const feed = (n: number): void => {
    try {
      rooms.push(sink!(n));
    } catch (error) {
      over.reject(error);
    }
  };
  return { stream, feed, end: over.resolve, fail: over.reject, rooms, left };
}

describe("flow", () => {
  it("hands over the messages of any stream, the next when there is room", async () => {
    const rooms = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const taken: number[] = [];
    const numbers = async function* (): AsyncIterable<number> {
      yield* [0, 1];
    };
    const over = flow(numbers(), (n) => {
      taken.push(n);
      return rooms[n]!.promise;
    });
    await settle();
    expect(taken).toEqual([0]);
    rooms[0]!.resolve();
    await settle();
    expect(taken).toEqual([0, 1]);
    rooms[1]!.resolve();
    await over;
  });

  it("leaves a stream whose messages it cannot hand over", async () => {
    const steps: string[] = [];
    const numbers = async function* (): AsyncIterable<number> {
      try {
        yield 0;
        yield 1;
      } finally {
        steps.push("left");
      }
    };
    const failed = new Error("no");
    const refuse: Sink<number> = () => {
      throw failed;
    };
    await expect(flow(numbers(), refuse)).rejects.toBe(failed);
    expect(steps).toEqual(["left"]);
  });
});

describe("an iterator of what flows", () => {
  it("takes a message when it is asked for one, and not before", async () => {
    const { stream, feed, rooms, end } = fed();
    const iterator = stream[Symbol.asyncIterator]();
    const first = iterator.next();
    feed(1);
    expect(await first).toEqual({ done: false, value: 1 });
    let hasRoom = false;
    void rooms[0]!.then(() => (hasRoom = true));
    await settle();
    expect(hasRoom).toBe(false);
    const second = iterator.next();
    await settle();
    expect(hasRoom).toBe(true);
    feed(2);
    expect(await second).toEqual({ done: false, value: 2 });
    end();
    await settle();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it("ends a reader that waits", async () => {
    const { stream, end } = fed();
    const next = stream[Symbol.asyncIterator]().next();
    end();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it("fails as the flow does, whether somebody waits or comes later", async () => {
    for (const waits of [true, false]) {
      const { stream, feed, fail } = fed();
      const iterator = stream[Symbol.asyncIterator]();
      const first = iterator.next();
      feed(1);
      await first;
      const failed = new Error("broken");
      const next = waits ? iterator.next() : undefined;
      next?.catch(() => {});
      fail(failed);
      await settle();
      await expect(next ?? iterator.next()).rejects.toBe(failed);
    }
  });

  it("ends for a reader that leaves, and takes nothing more", async () => {
    const { stream, feed, left, rooms } = fed();
    const iterator = stream[Symbol.asyncIterator]();
    const first = iterator.next();
    feed(1);
    await first;
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(left).toEqual(["left"]);
    await rooms[0];
    feed(2);
    expect(rooms).toHaveLength(1);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });
});

describe("a mapped flow", () => {
  it("flows, maps each message, and tells its end once", async () => {
    const { stream, feed, end } = fed();
    const ends: unknown[] = [];
    const mapped = mapStream(stream, { value: (n) => n * 2, end: (error) => ends.push(error) });
    const taken: number[] = [];
    const over = flow(mapped, (n) => void taken.push(n));
    feed(1);
    feed(2);
    expect(taken).toEqual([2, 4]);
    end();
    await over;
    expect(ends).toEqual([undefined]);
  });

  it("maps what the source fails with, and a message that cannot be mapped", async () => {
    const broken = new Error("broken");
    for (const how of ["source", "message"]) {
      const { stream, feed, fail } = fed();
      const ends: unknown[] = [];
      const mapped = mapStream<number, number>(stream, {
        value: () => {
          throw broken;
        },
        error: (error) => new Error("mapped", { cause: error }),
        end: (error) => ends.push(error),
      });
      const over = flow(mapped, () => undefined);
      if (how === "source") fail(broken);
      else feed(1);
      await expect(over).rejects.toMatchObject({ message: "mapped", cause: broken });
      expect(ends).toMatchObject([{ message: "mapped" }]);
    }
  });

  it("is read to its end for a sink that refuses", async () => {
    const { stream, feed } = fed();
    const ends: unknown[] = [];
    const hooks = {
      value: (n: number) => n,
      error: () => new Error("mapped"),
      end: (e: unknown) => ends.push(e),
    };
    const refused = new Error("no");
    const over = flow(mapStream(stream, hooks), () => {
      throw refused;
    });
    feed(1);
    await expect(over).rejects.toBe(refused);
    expect(ends).toEqual([undefined]);
  });

  it("is iterated where its steps need a context", () => {
    const { stream } = fed();
    expect(isFlow(mapStream(stream, { value: (n) => n, run: (step) => step() }))).toBe(false);
  });
});
