import { FakeClock } from "@rollcall/testing/clock";
import { describe, expect, it } from "vitest";
import type { Handler } from "../call/call.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { callOn, method } from "../fixtures/contracts.js";
import { answer } from "../fixtures/fake-transport.js";
import { createRoutes } from "../routing/routes.js";
import { clientPipeline } from "./create-pipeline.js";
import { unlessCancelled } from "./unless-cancelled.js";

const never: Handler = () => new Promise(() => {});

describe("a cancelled call around interceptors", () => {
  it("does not wait for one that does not heed it", async () => {
    const call = callOn();
    const reply = unlessCancelled(never)(call);
    call.cancel(new RpcError(Code.Cancelled, "enough"));
    await expect(reply).rejects.toMatchObject({ reason: "enough" });
  });

  it("lets those who know better say why it ended", async () => {
    const better: Handler = (call) =>
      new Promise((_, reject) => call.onCancel(() => reject(new RpcError(Code.Unavailable, "no endpoint"))));
    const call = callOn();
    const reply = unlessCancelled(better)(call);
    call.cancel(new RpcError(Code.DeadlineExceeded, "too late"));
    await expect(reply).rejects.toMatchObject({ code: Code.Unavailable, reason: "no endpoint" });
  });

  it("is ended by its deadline in a client's pipeline, whatever an interceptor does", async () => {
    const clock = new FakeClock();
    const routes = createRoutes(undefined, []);
    const destination = { routes, routed: async () => routes, send: async () => answer() };
    const env = { clock, random: () => 0.5, interceptors: [() => never] };
    const late = clientPipeline(destination, env)(callOn(method(), { deadline: clock.now() + 5 }));
    late.catch(() => {});
    await clock.advance(5);
    await expect(late).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    expect(clock.pending).toBe(0);
  });
});
