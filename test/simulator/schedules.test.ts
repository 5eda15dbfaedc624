import { Code, RpcError, type Interceptor } from "@rollcall/app";
import { checkSchedules, replay, replayCode, ScheduleError } from "@rollcall/testing/simulator";
import { describe, expect, it } from "vitest";
import { nestedFleet } from "./nested-orders.js";
import { ordersFleet } from "./orders.js";

/** The same thousand each time, so that a change is judged by what it changed; others by ROLLCALL_SIM_SEED. */
const seed = Number(process.env["ROLLCALL_SIM_SEED"] ?? 1);
const runs = Number(process.env["ROLLCALL_SIM_RUNS"] ?? 1_000);
const steps = Number(process.env["ROLLCALL_SIM_STEPS"] ?? 6);

describe("random schedules", () => {
  it("find nothing wrong with a fleet of the real code", { timeout: 600_000 }, async () => {
    const checked = await checkSchedules({ ...ordersFleet, seed, runs, steps });
    expect(checked.runs).toBe(runs);
  });

  it("find nothing wrong with slow services that call each other", { timeout: 600_000 }, async () => {
    const checked = await checkSchedules({ ...nestedFleet, seed, runs: Math.ceil(runs / 10), steps });
    expect(checked.runs).toBeGreaterThan(0);
  });

  it("that break a rule are made small and printed as code that replays them", async () => {
    const seams = { serverInterceptors: () => [forgetsEveryFifth()] };
    const find = (): Promise<ScheduleError> =>
      checkSchedules({ ...ordersFleet, seams, runs: 100, seed: 7 }).then(
        () => expect.unreachable(),
        (error: unknown) => error as ScheduleError,
      );
    const found = await find();
    expect(found).toBeInstanceOf(ScheduleError);
    expect(found.steps).toHaveLength(1);
    expect(found.message).toContain(replayCode(found.seed, found.steps));
    expect(found.message).toContain("await replay({");
    expect((await find()).message).toBe(found.message);
    await expect(replay({ ...ordersFleet, seams, seed: found.seed, steps: found.steps })).rejects.toThrow(
      found.faults[0],
    );
  });

  it("are replayed with the short leases they are found with", async () => {
    const { log } = await replay({
      ...ordersFleet,
      seed: 1,
      steps: [{ afterMs: 500, do: "kill", instance: 0, downMs: 5_000 }],
    });
    const secondsOf = (event: string): number =>
      Number.parseFloat(log.find((line) => line.includes(event)) ?? "");
    expect(secondsOf("lease of orders-1 ran out") - secondsOf("orders-1 killed")).toBeLessThanOrEqual(3);
  });

  it("excuse a stream that waited for the only instance, which hung", async () => {
    const { faults } = await replay({
      ...ordersFleet,
      seed: 2147483618,
      steps: [
        { afterMs: 442, do: "restart", instance: 0 },
        { afterMs: 1461, do: "restart", instance: 1 },
        { afterMs: 1037, do: "scale", to: 1 },
        { afterMs: 473, do: "restart", instance: 0 },
        { afterMs: 4, do: "hang", instance: 0, ms: 4985 },
        { afterMs: 0, do: "loseLease", instance: 0 },
      ],
    });
    expect(faults).toEqual([]);
  });

  it("leave an address free when the process that hung there on its way out has gone on and ended", async () => {
    const { faults, log } = await replay({
      ...ordersFleet,
      seed: 28,
      steps: [
        { afterMs: 398, do: "rollingRestart" },
        { afterMs: 9, do: "hang", instance: 0, ms: 1_000 },
      ],
    });
    expect(faults).toEqual([]);
    const own = log.filter((line) => / orders-1 (stopping|hangs|goes on|stopped|starts|serving)/.test(line));
    const events = own.map((line) => line.replace(/^\s*[\d.]+ orders-1 (goes on|\w+).*$/, "$1"));
    expect(events.slice(2, 8)).toEqual(["stopping", "hangs", "goes on", "stopped", "starts", "serving"]);
  });

  it("break the streams of a process that was killed as they ended, while the next one there hung", async () => {
    const { faults } = await replay({
      ...ordersFleet,
      seed: 13,
      steps: [
        { afterMs: 1937, do: "rollingRestart" },
        { afterMs: 73, do: "restart", instance: 0 },
        { afterMs: 397, do: "kill", instance: 0, downMs: 1 },
        { afterMs: 0, do: "hang", instance: 0, ms: 1 },
      ],
    });
    expect(faults).toEqual([]);
  });
});

/** A handler that fails for no reason of its caller's. */
function forgetsEveryFifth(): Interceptor {
  let n = 0;
  return (next) => (call) => {
    if (++n % 5 === 0) throw new RpcError(Code.Internal, "planted");
    return next(call);
  };
}
