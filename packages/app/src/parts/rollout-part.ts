import { unlessAborted, type Clock, type Lifecycle, type RegistryBackend } from "@rollcall/core";
import type { Logger } from "pino";
import { RolloutController, type ControllerEnv } from "../rollout/controller.js";
import { restoreLostPolicy } from "../rollout/restorer.js";
import type { ServicesPart } from "./services-part.js";

interface RolloutPartEnv {
  readonly backend: RegistryBackend;
  readonly services: ServicesPart;
  /** Who this is, once the server's port is known: the app and the instance. */
  candidate(): string;
  readonly clock: Clock;
  random(): number;
  readonly logger: Logger;
}

/** What a registry keeps of an author, in characters. */
const longestCandidate = 256;

/**
 * The rollouts of the app's services: each service has a controller, which takes part in running its rollouts, and its
 * policy is put back when the registry loses it. Nothing runs where the registry cannot change policies.
 */
export function rolloutPart(env: RolloutPartEnv): Lifecycle {
  const { backend, services } = env;
  const end = new AbortController();
  const running: Promise<unknown>[] = [];
  return {
    name: "rollouts",
    async start() {
      const { rollouts: store } = backend;
      if (!store) return;
      const candidate = env.candidate().slice(0, longestCandidate);
      for (const { contract } of services.bound) {
        running.push(
          follow({ ...env, random: () => env.random(), service: contract.name, candidate, store }),
        );
      }
    },
    async stop(signal) {
      end.abort(new Error("the app stops"));
      await unlessAborted(Promise.all(running), signal);
    },
  };

  async function follow(controller: Omit<ControllerEnv, "feed">): Promise<void> {
    const feed = backend.open(controller.service);
    try {
      const each = { ...controller, feed };
      await Promise.all([new RolloutController(each).run(end.signal), restoreLostPolicy(each, end.signal)]);
    } finally {
      await feed[Symbol.asyncDispose]();
    }
  }
}
