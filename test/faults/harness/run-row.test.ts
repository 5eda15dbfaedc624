import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { defineRow, type Row } from "./row.js";
import { runRow } from "./run-row.js";

const never = new AbortController().signal;

function row(run: Row["run"]): Row {
  return defineRow({
    name: "a-row",
    fault: "a fault",
    inject: "by hand",
    pace: "fast",
    limitMs: 1_000,
    bounds: { ms: { what: "time", unit: "ms", atMost: 10 } },
    run: run as never,
  });
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a row", () => {
  it("holds when every figure is within its bound", async () => {
    const result = await runRow(
      row(async () => ({ ms: 10 })),
      { signal: never },
    );
    expect(result).toMatchObject({ state: "held", measured: { ms: 10 }, why: undefined });
  });

  it.each([11, Number.NaN, undefined])("fails with the figure %s", async (ms) => {
    const result = await runRow(
      row(async () => ({ ms }) as never),
      { signal: never },
    );
    expect(result.state).toBe("failed");
  });

  it("fails with what it threw, after its resources were ended, the newest first", async () => {
    const ended: string[] = [];
    const result = await runRow(
      row(async (context) => {
        context.finally(() => void ended.push("first"));
        context.finally(() => void ended.push("second"));
        throw new Error("broken");
      }),
      { signal: never },
    );
    expect(result).toMatchObject({ state: "failed", why: "broken" });
    expect(ended).toEqual(["second", "first"]);
  });

  it("fails when it takes too long, even if it heeds nothing", async () => {
    let ended = false;
    const result = runRow(
      row((context) => {
        context.finally(() => void (ended = true));
        return new Promise(() => {});
      }),
      { signal: never },
    );
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await result).toMatchObject({ state: "failed", why: "the row took longer than 1000 ms" });
    expect(ended).toBe(true);
  });

  it("is ended by an interruption", async () => {
    const interrupt = new AbortController();
    const result = runRow(
      row((context) => context.sleep(500).then(() => ({ ms: 1 }))),
      { signal: interrupt.signal },
    );
    interrupt.abort(new Error("interrupted"));
    expect(await result).toMatchObject({ state: "failed", why: expect.stringMatching(/interrupt|abort/) });
  });

  it("is skipped with the reason, and not run", async () => {
    const result = await runRow(
      row(() => {
        throw new Error("ran");
      }),
      { signal: never, skip: "no time" },
    );
    expect(result).toMatchObject({ state: "skipped", why: "no time" });
  });
});
