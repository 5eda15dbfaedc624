import { describe, expect, it } from "vitest";
import { fakeLogger } from "../fixtures/fake-logger.js";
import type { Lifecycle } from "../ports/lifecycle.js";
import { startAll, stopAll } from "./lifecycles.js";

function parts(failing: { start?: string; stop?: string } = {}): { all: Lifecycle[]; seen: string[] } {
  const seen: string[] = [];
  const all = ["a", "b", "c"].map((name) => ({
    name,
    start: async () => {
      seen.push(`start ${name}`);
      if (failing.start === name) throw new Error(`start ${name}`);
    },
    stop: async () => {
      seen.push(`stop ${name}`);
      if (failing.stop === name) throw new Error(`stop ${name}`);
    },
  }));
  return { all, seen };
}

const { signal } = new AbortController();

describe("the parts of an app", () => {
  it("start one after the other, and stop in reverse", async () => {
    const { all, seen } = parts();
    const { logger, lines } = fakeLogger();
    await startAll(all, signal, logger);
    expect(await stopAll(all, signal, logger)).toEqual([]);
    expect(seen).toEqual(["start a", "start b", "start c", "stop c", "stop b", "stop a"]);
    expect(lines.map(({ part, msg }) => `${String(part)} ${msg}`)).toEqual([
      "a started",
      "b started",
      "c started",
      "c stopped",
      "b stopped",
      "a stopped",
    ]);
  });

  it("do not start after one that failed, or after an abort", async () => {
    const { logger } = fakeLogger();
    const failing = parts({ start: "b" });
    await expect(startAll(failing.all, signal, logger)).rejects.toThrow("start b");
    expect(failing.seen).toEqual(["start a", "start b"]);
    const aborted = parts();
    await expect(startAll(aborted.all, AbortSignal.abort(new Error("stopped")), logger)).rejects.toThrow(
      "stopped",
    );
    expect(aborted.seen).toEqual([]);
  });

  it("all stop, though one of them fails or the time is up, and the failures are told", async () => {
    const { logger, lines } = fakeLogger();
    const { all, seen } = parts({ stop: "b" });
    expect(await stopAll(all, AbortSignal.abort(), logger)).toEqual([new Error("stop b")]);
    expect(seen).toEqual(["stop c", "stop b", "stop a"]);
    expect(lines.filter(({ level }) => level === 50)).toEqual([
      expect.objectContaining({ part: "b", msg: "stop failed" }),
    ]);
  });
});
