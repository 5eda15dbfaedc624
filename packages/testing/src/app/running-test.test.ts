import { afterEach, describe, expect, it, vi } from "vitest";
import { followTest } from "./running-test.js";

afterEach(() => void vi.restoreAllMocks());

describe("following a test", () => {
  it("of vitest stops when it is over, and prints the note when it failed", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    const hooks: { failed?: () => void; finished?: () => Promise<void> } = {};
    const stop = vi.fn(async () => {});
    followTest(
      { onTestFailed: (told) => (hooks.failed = told), onTestFinished: (done) => (hooks.finished = done) },
      "seed 7",
      stop,
    );
    await hooks.finished?.();
    expect(stop).toHaveBeenCalledOnce();
    expect(printed).not.toHaveBeenCalled();
    hooks.failed?.();
    expect(printed).toHaveBeenCalledWith("seed 7");
  });

  it("of node:test stops when it is over, and says the note when it failed", async () => {
    for (const [error, notes] of [
      [undefined, []],
      [null, []],
      [new Error("failed"), ["seed 7"]],
    ] as const) {
      const said: string[] = [];
      const done: (() => Promise<void>)[] = [];
      const stop = vi.fn(async () => {});
      followTest(
        { error, after: (run) => done.push(run), diagnostic: (text) => said.push(text) },
        "seed 7",
        stop,
      );
      await done[0]?.();
      expect(stop).toHaveBeenCalledOnce();
      expect(said).toEqual(notes);
    }
  });
});
