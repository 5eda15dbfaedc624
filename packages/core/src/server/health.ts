import { Code } from "../code.js";
import type { Handlers } from "../contract/shapes.js";
import { RpcError } from "../errors.js";
import { Health } from "../gen/grpc/health/v1/health.js";
import { createFeed } from "../ports/feed.js";
import type { BoundService } from "./dispatch.js";
import { untilOver } from "./until-over.js";

type Status = "SERVING" | "NOT_SERVING";

/** grpc.health.v1.Health for a server: all of its services share one status. */
export interface HealthService {
  readonly bound: BoundService;
  set(status: Status): void;
}

/**
 * Serves `grpc.health.v1.Health`, NOT_SERVING until told otherwise.
 * @param services full names of the services the server has; the empty name stands for the server itself
 */
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
        // The server's services never change, so there is nothing to wait for but the end.
        await untilOver(
          ctx,
          (signal) =>
            new Promise<never>((_, reject) => {
              signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
            }),
        );
      }
      let seen: Status | undefined;
      for (;;) {
        seen = await untilOver(ctx, (signal) => status.next(seen, signal));
        yield { status: seen };
      }
    },
  };
  return { bound: { contract: Health, implementation: handlers }, set: (value) => status.publish(value) };
}
