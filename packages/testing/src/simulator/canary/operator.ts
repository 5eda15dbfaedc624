import { contractOf, ConfigError, type RolloutPolicy } from "@rollcall/app";
import type { Author } from "@rollcall/app/rollout";
import type { Environment, ServerOptions } from "../environment.js";
import type { SimBackend } from "../registry/sim-backend.js";

/** The operator's name in the log and in policies. */
export const operatorName = "operator";

/** Before another look at a policy that the registry has lost. */
const lookMs = 500;
/** So long it is left to those who remember it. */
const restoredWithinMs = 15_000;

/** Changes the policy of one service, as the pure functions of a plan do. */
export type PolicyPlan = (
  service: string,
  policy: RolloutPolicy | undefined,
  author: Author,
) => RolloutPolicy;

/** Who releases: the commands of `rollcall rollout`, on a machine of its own. */
export class Operator {
  readonly services: readonly string[];
  readonly #env: Environment;
  readonly #backend: SimBackend;
  readonly #end = new AbortController();

  constructor(env: Environment, { services }: ServerOptions) {
    this.#env = env;
    const random = env.random.fork(operatorName);
    this.#backend = env.registry.backend({ name: operatorName, clock: env.clock, random });
    this.services = services.flatMap((service) => contractOf(service)?.name ?? []);
  }

  /**
   * Changes all policies at once, by what is stored now, again when somebody else was first. Waits for the registry.
   * @throws ConfigError when the plan does not allow it for any service; those that it does not allow it for stay
   */
  async change(plan: PolicyPlan): Promise<void> {
    const { rollouts } = this.#backend;
    const { signal } = this.#end;
    for (;;) {
      const author = { by: operatorName, at: this.#env.clock.now() };
      const stored = await Promise.all(this.services.map((service) => this.#known(service)));
      const refused: ConfigError[] = [];
      const changes = stored.flatMap(({ service, revision, policy }) => {
        try {
          return [{ service, revision, policy: plan(service, policy, author) }];
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          refused.push(error);
          return [];
        }
      });
      if (changes.length === 0) throw refused[0] ?? new ConfigError("the fleet has no services");
      const { won } = await rollouts.compareAndSet(changes, signal);
      if (won) return;
    }
  }

  /** The policies in force, read from the registry. */
  async policies(): Promise<readonly (RolloutPolicy | undefined)[]> {
    const stored = await Promise.all(this.services.map((service) => this.#known(service)));
    return stored.map(({ policy }) => policy);
  }

  /** Ends what it still waits for. */
  async close(): Promise<void> {
    this.#end.abort(new Error("the simulation ends"));
    await this.#backend[Symbol.asyncDispose]();
  }

  /** A document that was there and is missing is put back by those who know it: nobody starts from nothing meanwhile. */
  async #known(service: string): ReturnType<SimBackend["rollouts"]["read"]> {
    const { clock, registry } = this.#env;
    const sinceMs = clock.now();
    for (;;) {
      const stored = await this.#backend.rollouts.read(service, this.#end.signal);
      const existed = registry.policies.writes.some((write) => write.service === service);
      if (stored.policy || !existed || clock.now() - sinceMs > restoredWithinMs) return stored;
      await clock.sleep(lookMs, this.#end.signal);
    }
  }
}
