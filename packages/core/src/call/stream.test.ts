import { describe, expect, it } from "vitest";
import { mapStream, type StreamHooks } from "./stream.js";

function watched(
  source: AsyncIterable<number>,
  change: Partial<StreamHooks<number, string>> = {},
): {
  stream: AsyncIterable<string>;
  ends: unknown[];
} {
  const ends: unknown[] = [];
  const stream = mapStream(source, { value: String, end: (error) => ends.push(error), ...change });
  return { stream, ends };
}

async function* numbers(onReturn: () => void = () => {}): AsyncGenerator<number> {
  try {
    yield 1;
    yield 2;
  } finally {
    onReturn();
  }
}

async function read(stream: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const each of stream) all.push(each);
  return all;
}

describe("mapStream", () => {
  it("maps each message and tells the end once", async () => {
    const { stream, ends } = watched(numbers());
    const iterator = stream[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: "1" });
    expect(ends).toEqual([]);
    await iterator.next();
    await iterator.next();
    await iterator.next();
    await iterator.return?.();
    expect(ends).toEqual([undefined]);
  });

  it("ends a source that is left, also before its first message", async () => {
    let returned = 0;
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 1 }) as const,
        return: async () => {
          returned++;
          return { done: true, value: undefined } as const;
        },
      }),
    };
    const { stream, ends } = watched(source);
    await stream[Symbol.asyncIterator]().return?.();
    expect(returned).toBe(1);
    expect(ends).toEqual([undefined]);
    const again = watched(numbers(() => returned++));
    for await (const _ of again.stream) break;
    expect(returned).toBe(2);
  });

  it("replaces errors of the source, of the mapping and of a source that has no iterator", async () => {
    const mapped = new Error("mapped");
    const broken = (async function* (): AsyncGenerator<number> {
      yield 1;
      throw new Error("source");
    })();
    const refusing = {
      [Symbol.asyncIterator](): AsyncIterator<number> {
        throw new Error("no iterator");
      },
    };
    for (const [source, value] of [
      [broken, String],
      [
        numbers(),
        () => {
          throw new Error("value");
        },
      ],
      [refusing, String],
    ] as [AsyncIterable<number>, (value: number) => string][]) {
      const { stream, ends } = watched(source, { value, error: () => mapped });
      await expect(read(stream)).rejects.toBe(mapped);
      expect(ends).toEqual([mapped]);
    }
  });

  it("tells the end even when the source fails to return", async () => {
    const { stream, ends } = watched({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 1 }) as const,
        return: () => Promise.reject(new Error("return")),
      }),
    });
    await expect(stream[Symbol.asyncIterator]().return?.()).rejects.toThrow("return");
    expect(ends).toEqual([undefined]);
  });

  it("runs every step of the source in the context given", async () => {
    let inside = 0;
    let steps = 0;
    const source = {
      [Symbol.asyncIterator]: () => {
        steps += inside;
        return {
          next: async () => {
            steps += inside;
            return { done: true, value: undefined } as const;
          },
        };
      },
    };
    const run = <T>(step: () => T): T => {
      inside = 1;
      try {
        return step();
      } finally {
        inside = 0;
      }
    };
    await read(watched(source, { run }).stream);
    expect(steps).toBe(2);
  });
});
