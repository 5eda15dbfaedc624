import type { ServerCallContext } from "../call/call.js";
import { Code } from "../code.js";
import type { Handlers } from "../contract/shapes.js";
import { RpcError } from "../errors.js";
import { Health } from "../gen/grpc/health/v1/health.js";
import { createFeed } from "../ports/feed.js";
import type { BoundService } from "./dispatch.js";

type Status = "SERVING" | "NOT_SERVING";

/** grpc.health.v1.Health for a server: all of its services share one status. */
export interface HealthService {
  readonly bound: BoundService;
  set(status: Status): void;
}

/** @param services full names of the services the server has; the empty name stands for the server itself */
export function createHealthService(services: readonly string[]): HealthService {
  const known = new Set(["", Health.name, ...services]);
  const status = createFeed<Status>("NOT_SERVING");
  const handlers: Handlers<Health> = {
    async check({ service }) {
      if (!known.has(service))
        throw new RpcError(Code.NotFound, `unknown service ${JSON.stringify(service)}`);
      return { status: status.current };
    },
    async *watch({ service }, ctx) {
      if (!known.has(service)) {
        yield { status: "SERVICE_UNKNOWN" };
        // The server's services never change, so nothing follows.
        await leftOrDraining(ctx);
        ctx.draining.throwIfAborted();
        return;
      }
      let seen: Status | undefined;
      for (;;) {
        // A server that does not serve either begins to or drains, and then a watcher must not hold it up.
        seen = await status.next(seen, seen === "NOT_SERVING" ? ctx.draining : ctx.signal);
        yield { status: seen };
      }
    },
  };
  return { bound: { contract: Health, implementation: handlers }, set: (value) => status.publish(value) };
}

function leftOrDraining(ctx: ServerCallContext): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      ctx.draining.removeEventListener("abort", done);
      resolve();
    };
    ctx.draining.addEventListener("abort", done);
    ctx.onCancel(done);
    if (ctx.draining.aborted) done();
  });
}
