import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from "vitest";
import { settle } from "@rollcall/testing/clock";
import { fakeLogger } from "../../core/src/fixtures/fake-logger.js";
import { runUntilSignal } from "./run.js";

let exit: MockInstance<typeof process.exit>;
let before: number;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  exit = vi.spyOn(process, "exit").mockImplementation((() => {}) as never);
  before = process.listenerCount("SIGTERM");
});
afterEach(() => {
  vi.useRealTimers();
  exit.mockRestore();
  process.exitCode = undefined;
});

function setup(change: Partial<Parameters<typeof runUntilSignal>[0]> = {}) {
  const { logger, lines } = fakeLogger();
  const seen: string[] = [];
  const app = {
    address: "10.0.0.1:80",
    logger,
    start: async () => void seen.push("start"),
    stop: async () => void seen.push("stop"),
    force: async () => void seen.push("force"),
    ...change,
  };
  return { run: runUntilSignal(app), seen, lines };
}

const signal = (): void => {
  process.listeners("SIGTERM").at(-1)?.("SIGTERM");
};
const crash = (error: unknown): void => {
  process.listeners("uncaughtException").at(-1)?.(error as Error, "uncaughtException");
};
const hangs = (): Promise<never> => new Promise(() => {});

describe("running an app", () => {
  it("serves until a signal, stops, and leaves no listener", async () => {
    const { run, seen } = setup();
    await settle();
    expect(seen).toEqual(["start"]);
    signal();
    await run;
    expect(seen).toEqual(["start", "stop"]);
    expect(process.exitCode).toBeUndefined();
    expect(process.listenerCount("SIGTERM")).toBe(before);
  });

  it("exits with 1 when the stop was not clean", async () => {
    const { run } = setup({ stop: () => Promise.reject(new Error("stop")) });
    await settle();
    signal();
    await run;
    expect(process.exitCode).toBe(1);
  });

  it("forces at a second signal, and exits within 800 ms whatever happens", async () => {
    const forced: string[] = [];
    setup({ stop: hangs, force: async () => void forced.push("force") });
    await settle();
    signal();
    signal();
    await settle();
    expect(forced).toEqual(["force"]);
    expect(exit).toHaveBeenCalledWith(1);
    exit.mockClear();
    setup({ stop: hangs, force: hangs });
    await settle();
    signal();
    signal();
    await settle();
    expect(exit).not.toHaveBeenCalled();
    vi.advanceTimersByTime(800);
    expect(exit).toHaveBeenCalledWith(1);
  });

  it("stops after an uncaught exception, cleanly or not, and exits with 1", async () => {
    for (const stop of [async () => {}, () => Promise.reject(new Error("stop"))]) {
      exit.mockClear();
      const { lines } = setup({ stop });
      await settle();
      crash(new Error("boom"));
      await settle();
      expect(exit).toHaveBeenCalledWith(1);
      expect(lines).toContainEqual(expect.objectContaining({ level: 60, msg: "uncaught: stopping" }));
    }
  });

  it("forces a crashed app that has not stopped after 3.5 s, and exits 800 ms later", async () => {
    const forced: string[] = [];
    setup({ stop: hangs, force: async () => void forced.push("force") });
    await settle();
    crash(undefined);
    vi.advanceTimersByTime(3_499);
    expect(forced).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(forced).toEqual(["force"]);
    vi.advanceTimersByTime(799);
    expect(exit).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(exit).toHaveBeenCalledWith(1);
  });

  it("exits with 1 when it cannot start, and with 0 when a signal ended the start", async () => {
    const failed = setup({ start: () => Promise.reject(new Error("port in use")) });
    await failed.run;
    expect(process.exitCode).toBe(1);
    expect(failed.lines).toContainEqual(expect.objectContaining({ level: 60, msg: "could not start" }));
    process.exitCode = undefined;
    const starting = Promise.withResolvers<void>();
    const stopped = setup({
      start: () => starting.promise,
      stop: async () => starting.reject(new Error("stopped while it started")),
    });
    await settle();
    signal();
    await stopped.run;
    expect(process.exitCode).toBeUndefined();
  });
});
