import type { RolloutPolicy, ServiceInstance, Snapshot } from "@rollcall/core";

/** The policy part of a snapshot. */
export interface PolicyView {
  readonly policy: RolloutPolicy | undefined;
  /** The registry no longer has the document that `policy` is from. */
  readonly lost: boolean;
}

/** A snapshot nobody can change, its instances in their order. */
export function snapshotOf(
  service: string,
  revision: number,
  instances: Iterable<ServiceInstance>,
  { policy, lost }: PolicyView,
): Snapshot {
  return Object.freeze({
    service,
    revision,
    instances: Object.freeze([...instances].toSorted(byId)),
    policy,
    ...(lost ? { policyLost: true } : {}),
  });
}

/** The order of a snapshot: by id, in code units. */
export function byId(a: ServiceInstance, b: ServiceInstance): number {
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

/** The order of a list of several services: by service, then by id. */
export function byServiceAndId(a: ServiceInstance, b: ServiceInstance): number {
  if (a.service === b.service) return byId(a, b);
  return a.service < b.service ? -1 : 1;
}
