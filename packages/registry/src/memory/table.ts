import {
  createFeed,
  type FeedSource,
  type PolicyChange,
  type Registration,
  type RegistrationState,
  type ServiceInstance,
  type Snapshot,
} from "@rollcall/core";
import { isNewer } from "../incarnation.js";
import { changeOffer, checkOffer } from "../offer.js";
import { byServiceAndId, snapshotOf } from "../snapshot.js";
import { Policies } from "./policies.js";

/** Records in this process, with the rules of a registry: an address belongs to the newest incarnation. */
export class Table {
  /** To be changed by `putPolicies` alone. */
  readonly policies: Policies = new Policies();
  readonly #services = new Map<string, Map<string, ServiceInstance>>();
  readonly #feeds = new Map<string, FeedSource<Snapshot>>();
  readonly #registrations = new Set<() => void>();
  #revision = 1;

  constructor(initial: readonly ServiceInstance[] = []) {
    for (const instance of initial) this.#recordsOf(instance.service).set(instance.id, instance);
  }

  /** Publishes a service on `feed` now and at each change; returns the end of that. */
  follow(service: string, feed: FeedSource<Snapshot>): () => Promise<void> {
    this.#feeds.set(service, feed);
    this.#publish(service);
    return async () => {
      this.#feeds.delete(service);
    };
  }

  register(all: readonly ServiceInstance[], signal: AbortSignal): Registration {
    checkOffer(all);
    let offered = all;
    const ended = new AbortController();
    const state = createFeed<RegistrationState>("pending");

    const attempt = (): void => {
      if (ended.signal.aborted || signal.aborted) return;
      if (offered.every((own) => this.#holder(own) === own)) return state.publish("visible");
      if (state.current === "visible") state.publish("lost");
      if (offered.some((own) => isNewer(this.#holder(own)?.incarnation ?? "", own.incarnation))) return;
      this.#put(offered);
      state.publish("visible");
    };
    this.#registrations.add(attempt);
    attempt();
    return {
      state,
      update: async (change) => {
        ended.signal.throwIfAborted();
        const held = offered.every((own) => this.#holder(own) === own);
        offered = changeOffer(offered, change);
        if (held) return this.#put(offered);
        while (state.current !== "visible") await state.next(state.current, ended.signal);
      },
      deregister: async () => {
        if (ended.signal.aborted) return;
        ended.abort(new Error("registration has ended"));
        this.#registrations.delete(attempt);
        this.#remove(offered.filter((own) => this.#holder(own) === own));
      },
    };
  }

  /** The records of one service, or of all, by service and id. */
  list(service: string | undefined): readonly ServiceInstance[] {
    const chosen = service === undefined ? [...this.#services.keys()] : [service];
    return chosen.flatMap((name) => [...(this.#services.get(name)?.values() ?? [])]).toSorted(byServiceAndId);
  }

  /** Puts policies as one change. */
  putPolicies(changes: readonly PolicyChange[]): void {
    if (changes.length === 0) return;
    this.#revision += 1;
    this.policies.put(changes, this.#revision);
    for (const { service } of changes) this.#publish(service);
  }

  #holder(own: ServiceInstance): ServiceInstance | undefined {
    return this.#services.get(own.service)?.get(own.id);
  }

  #recordsOf(service: string): Map<string, ServiceInstance> {
    const known = this.#services.get(service) ?? new Map<string, ServiceInstance>();
    this.#services.set(service, known);
    return known;
  }

  #put(instances: readonly ServiceInstance[]): void {
    for (const own of instances) this.#recordsOf(own.service).set(own.id, own);
    this.#changed(instances);
  }

  #remove(instances: readonly ServiceInstance[]): void {
    for (const own of instances) this.#recordsOf(own.service).delete(own.id);
    this.#changed(instances);
  }

  /** One change of several records is one revision; then every registration looks at what has become of its own. */
  #changed(instances: readonly ServiceInstance[]): void {
    if (instances.length === 0) return;
    this.#revision += 1;
    for (const service of new Set(instances.map(({ service }) => service))) this.#publish(service);
    for (const attempt of this.#registrations) attempt();
  }

  #publish(service: string): void {
    const feed = this.#feeds.get(service);
    if (!feed) return;
    const instances = this.#services.get(service)?.values() ?? [];
    const { policy } = this.policies.stored(service);
    feed.publish(snapshotOf(service, this.#revision, instances, { policy, lost: false }));
  }
}
