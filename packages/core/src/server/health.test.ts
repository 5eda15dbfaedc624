import { describe, expect, it } from "vitest";
import type { Call, ServerCallContext } from "../call/call.js";
import { Code } from "../code.js";
import type { Handlers } from "../contract/shapes.js";
import { RpcError } from "../errors.js";
import { settle } from "@rollcall/testing/clock";
import { received } from "../fixtures/server-calls.js";
import { Health } from "../gen/grpc/health/v1/health.js";
import { createHealthService, type HealthService } from "./health.js";

function setup() {
  const health: HealthService = createHealthService(["test.v1.Echo"]);
  const handlers = health.bound.implementation as Handlers<Health>;
  const drain = new AbortController();
  const ctx: Call & ServerCallContext = received(Health.methods.watch, { draining: drain.signal });
  const watch = (service: string) => handlers.watch({ service }, ctx)[Symbol.asyncIterator]();
  return { health, handlers, drain, ctx, watch };
}

describe("the health service", () => {
  it("answers one status for the server and each of its services", async () => {
    const { health, handlers, ctx } = setup();
    expect(await handlers.check({ service: "" }, ctx)).toEqual({ status: "NOT_SERVING" });
    health.set("SERVING");
    for (const service of ["", "test.v1.Echo", "grpc.health.v1.Health"])
      expect(await handlers.check({ service }, ctx)).toEqual({ status: "SERVING" });
    await expect(handlers.check({ service: "other" }, ctx)).rejects.toMatchObject({ code: Code.NotFound });
  });

  it("shows a watcher the status now and each change", async () => {
    const { health, watch } = setup();
    const stream = watch("test.v1.Echo");
    expect(await stream.next()).toMatchObject({ value: { status: "NOT_SERVING" } });
    const next = stream.next();
    health.set("SERVING");
    expect(await next).toMatchObject({ value: { status: "SERVING" } });
  });

  it("ends watchers when their caller goes", async () => {
    const { watch, ctx } = setup();
    const streams = [watch(""), watch("unknown")];
    expect(await streams[1]!.next()).toMatchObject({ value: { status: "SERVICE_UNKNOWN" } });
    await streams[0]!.next();
    const waiting = Promise.allSettled(streams.map((stream) => stream.next()));
    const reason = new RpcError(Code.Cancelled, "gone");
    ctx.cancel(reason);
    expect(await waiting).toEqual([
      { status: "rejected", reason },
      { status: "rejected", reason },
    ]);
  });

  it("ends watchers when the server drains, also those that have long seen that it does not serve", async () => {
    const { health, watch, drain } = setup();
    const streams = [watch(""), watch("unknown")];
    health.set("NOT_SERVING");
    for (const stream of streams) await stream.next();
    const waiting = Promise.allSettled(streams.map((stream) => stream.next()));
    await settle();
    const reason = new RpcError(Code.Unavailable, "draining");
    drain.abort(reason);
    expect(await waiting).toEqual([
      { status: "rejected", reason },
      { status: "rejected", reason },
    ]);
    await expect(watch("").next()).rejects.toBe(reason);
  });
});
