import { isDeepStrictEqual } from "node:util";
import type {
  CallerReport,
  CompareAndSet,
  Leadership,
  PolicyChange,
  RolloutPolicy,
  RolloutStore,
  StoredPolicy,
} from "@rollcall/core";
import type { RegistryLine } from "./line.js";
import { campaign, withLeadership } from "./sim-campaign.js";
import type { SimSession } from "./sim-session.js";

/** The rollouts of the simulated registry as one process uses them: requests that get no answer are repeated until their signal aborts. */
export class SimRollouts implements RolloutStore {
  readonly #line: RegistryLine;
  readonly #session: SimSession;

  constructor(line: RegistryLine, session: SimSession) {
    this.#line = line;
    this.#session = session;
  }

  read(service: string, signal: AbortSignal): Promise<StoredPolicy> {
    return this.#ask((store) => store.read(service, unending), signal);
  }

  history(service: string, signal: AbortSignal): Promise<readonly RolloutPolicy[]> {
    return this.#ask((store) => store.history(service, unending), signal);
  }

  leader(service: string, signal: AbortSignal): Promise<string | undefined> {
    return this.#ask((store) => store.leader(service, unending), signal);
  }

  reports(service: string, signal: AbortSignal): Promise<readonly CallerReport[]> {
    return this.#ask((store) => store.reports(service, unending), signal);
  }

  withdraw(service: string, caller: string, signal: AbortSignal): Promise<void> {
    return this.#ask((store) => store.withdraw(service, caller, unending), signal);
  }

  report(service: string, report: CallerReport, signal: AbortSignal): Promise<boolean> {
    const { policies } = this.#line.registry;
    return this.#request(
      () => this.#session.use((lease) => policies.report(service, report, lease), signal),
      signal,
    );
  }

  async compareAndSet(
    changes: readonly PolicyChange[],
    signal: AbortSignal,
    leadership?: Leadership,
  ): Promise<CompareAndSet> {
    const { registry, process } = this.#line;
    const held = leadership && withLeadership(leadership);
    let times = 0;
    const done = await this.#request(
      () =>
        this.#line.call(() => {
          times++;
          return registry.policies.compareAndSet(process.name, changes, held);
        }, signal),
      signal,
    );
    if (done.won || times === 1) return done;
    // An earlier attempt whose answer was lost has made the change after all.
    const made = changes.every(({ policy }, at) => isDeepStrictEqual(done.current[at]?.policy, policy));
    return made ? { won: true } : done;
  }

  campaign(service: string, candidate: string, signal: AbortSignal): Promise<Leadership> {
    return this.#request(() => campaign(this.#line, this.#session, { service, candidate }, signal), signal);
  }

  #ask<T>(read: (store: RolloutStore) => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#request(
      () => this.#line.call(() => read(this.#line.registry.policies.store), signal),
      signal,
    );
  }

  async #request<T>(make: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    this.#session.closed.throwIfAborted();
    return make();
  }
}

/** What has arrived at the registry is done, whoever still waits for it. */
const unending = new AbortController().signal;
