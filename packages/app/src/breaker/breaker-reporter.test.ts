import type { BreakerReports, BreakerView } from "@rollcall/core";
import { memoryRegistry } from "@rollcall/registry";
import { FakeClock, settle } from "@rollcall/testing/clock";
import { beforeEach, describe, expect, it } from "vitest";
import { fakeLogger } from "../../../core/src/fixtures/fake-logger.js";
import { BreakerReporter } from "./breaker-reporter.js";

const service = "test.v1.Stock";
const never = new AbortController().signal;

let clock: FakeClock;
let memory: BreakerReports;
/** What was asked of the store. */
let asked: string[];
/** Fails, or hangs, when it is told so. */
let fails: "no" | "yes" | "hangs";
let log: ReturnType<typeof fakeLogger>;
let reporter: BreakerReporter;

type Change = { -readonly [K in keyof BreakerView]: BreakerView[K] };

function view(change: Partial<Change> = {}): Change {
  return {
    method: `${service}/Get`,
    subset: "stable",
    state: "open",
    sinceMs: clock.now() + 0.25,
    seen: { calls: 20, failures: 11 },
    usedMs: Infinity,
    ...change,
  };
}

beforeEach(() => {
  clock = new FakeClock();
  asked = [];
  fails = "no";
  log = fakeLogger();
  memory = memoryRegistry().breakers!;
  const ask = async <T>(what: string, answer: () => Promise<T>): Promise<T> => {
    asked.push(what);
    if (fails === "hangs") return new Promise(() => {});
    if (fails === "yes") throw new Error("no registry");
    return answer();
  };
  const store: BreakerReports = {
    report: (...args) => ask("report", () => memory.report(...args)),
    withdraw: (...args) => ask("withdraw", () => memory.withdraw(...args)),
    reports: (...args) => memory.reports(...args),
  };
  const env = { service, caller: "c1", app: "checkout", store, clock, random: () => 0.5, logger: log.logger };
  reporter = new BreakerReporter(env);
});

const kept = async (): Promise<unknown> => (await memory.reports(service, never))[0];

describe("reports of breakers", () => {
  it("are made when one opens, changed as it does, and taken back when all are closed", async () => {
    const [one, other] = [view(), view({ method: `${service}/Watch`, state: "half-open" })];
    reporter.changed(one);
    await clock.advance(500);
    const shown = {
      method: `${service}/Get`,
      subset: "stable",
      state: "open",
      since: 1_700_000_000_000,
      calls: 20,
      failures: 11,
    };
    expect(await kept()).toEqual({ caller: "c1", app: "checkout", breakers: [shown] });
    reporter.changed(other);
    await clock.advance(1_000);
    expect(await kept()).toMatchObject({ breakers: [shown, { state: "half-open" }] });
    one.state = "closed";
    reporter.changed(one);
    await clock.advance(1_000);
    expect(await kept()).toMatchObject({ breakers: [{ method: `${service}/Watch` }] });
    other.state = "closed";
    await clock.advance(1_000);
    expect(await kept()).toBeUndefined();
    expect(asked).toEqual(["report", "report", "report", "withdraw"]);
    expect(clock.pending).toBe(0);
  });

  it("cost nothing while all is well, and little while nothing changes", async () => {
    reporter.changed(view({ state: "closed" }));
    await clock.advance(60_000);
    expect(clock.pending).toBe(0);
    reporter.changed(view());
    await clock.advance(60_000);
    expect(asked).toEqual(["report", "report"]);
  });

  it("leave out a breaker that closes at once, and one that nobody uses any more", async () => {
    const short = view();
    reporter.changed(short);
    short.state = "closed";
    await clock.advance(1_000);
    expect(asked).toEqual([]);
    const left = view({ usedMs: clock.now() });
    reporter.changed(left);
    await clock.advance(59_000);
    expect(await kept()).toBeDefined();
    await clock.advance(2_000);
    expect(await kept()).toBeUndefined();
    expect(clock.pending).toBe(0);
    reporter.changed(Object.assign(left, { usedMs: Infinity }));
    await clock.advance(500);
    expect(await kept()).toBeDefined();
  });

  it("are taken back at the end, and made no more", async () => {
    reporter.changed(view());
    await clock.advance(500);
    await reporter.close();
    expect(await kept()).toBeUndefined();
    reporter.changed(view());
    await clock.advance(5_000);
    expect(await kept()).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  it("are tried again when the registry fails, with one warning, and do not hold up the end", async () => {
    fails = "yes";
    reporter.changed(view());
    await clock.advance(20_000);
    expect(asked.length).toBeGreaterThan(2);
    expect(log.lines.map(({ msg }) => msg)).toEqual([
      "reports of breakers for test.v1.Stock failed: trying again",
    ]);
    fails = "no";
    await clock.advance(10_000);
    expect(await kept()).toBeDefined();
    fails = "hangs";
    let isClosed = false;
    void reporter.close().then(() => (isClosed = true));
    await clock.advance(499);
    expect(isClosed).toBe(false);
    await clock.advance(1);
    await settle();
    expect(isClosed).toBe(true);
  });

  it("of names of any length fit", async () => {
    reporter.changed(view({ subset: "x".repeat(5_000) }));
    await clock.advance(500);
    expect(await kept()).toMatchObject({ breakers: [{ subset: "x".repeat(512) }] });
    for (let n = 0; n < 150; n++) reporter.changed(view({ subset: `s${n}` }));
    await clock.advance(1_000);
    expect(((await kept()) as { breakers: unknown[] }).breakers).toHaveLength(100);
  });
});
