import { FakeClock } from "@rollcall/testing/clock";
import { expect, it } from "vitest";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { callOn, method } from "../fixtures/contracts.js";
import type { Endpoint } from "../ports/endpoint.js";
import { createRoutes } from "../routing/routes.js";
import { clientPipeline, type PipelineEnv } from "./create-pipeline.js";

const routes = createRoutes(undefined, []);
const idempotent = method("unary", { idempotent: true });

/** Makes 200 calls per second of a server that answers each attempt with `unavailable` after 5 ms. */
async function load(seconds: number, options: Partial<PipelineEnv>) {
  const clock = new FakeClock();
  let attempts = 0;
  const destination = {
    routes,
    routed: async () => routes,
    send: async (call: ReturnType<typeof callOn>): Promise<never> => {
      attempts++;
      call.attempts.push({} as Endpoint);
      await clock.sleep(5);
      throw new RpcError(Code.Unavailable, "sick", { origin: "remote" });
    },
  };
  const pipeline = clientPipeline(destination, { clock, random: () => 0.5, interceptors: [], ...options });
  const calls = seconds * 200;
  let failed = 0;
  for (let n = 0; n < calls; n++) {
    pipeline(callOn(idempotent, { deadline: clock.now() + 2_000 })).catch(() => failed++);
    await clock.advance(5);
  }
  await clock.advance(2_000);
  expect(failed).toBe(calls);
  expect(clock.pending).toBe(0);
  return { calls, attempts, ratio: attempts / calls };
}

it.each([10, 60])(
  "sends at most 1.1 attempts per call when all fail for %i s, breaker off",
  async (seconds) => {
    const { attempts, calls, ratio } = await load(seconds, { breaker: false });
    expect(ratio).toBeLessThanOrEqual(1.1);
    // The reserve of the budget, and what it is refilled by.
    expect(attempts).toBeGreaterThanOrEqual(calls + 10 + seconds - 1);
  },
  60_000,
);

it("sends 3 probes per 5 s and hardly anything else when all fail and the breaker is on", async () => {
  const { attempts } = await load(30, {});
  // 20 to open it and those then under way, their retries, and at most 3 probes at 5 of the times.
  expect(attempts).toBeLessThanOrEqual(20 + 5 + 20 + 5 * (3 + 3 * 2));
});
