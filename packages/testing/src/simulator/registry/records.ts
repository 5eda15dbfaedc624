import { startedAt, type ServiceInstance } from "@rollcall/core";

/** One key of the simulated registry. */
export interface Held {
  readonly instance: ServiceInstance;
  readonly lease: number;
}

/** A change of one key, as watches tell it. */
export interface Change {
  readonly key: string;
  readonly service: string;
  readonly id: string;
  /** Undefined: deleted. */
  readonly held: Held | undefined;
}

export function keyOf({ service, id }: Pick<ServiceInstance, "service" | "id">): string {
  return `${service}/${id}`;
}

/** Whether a record must not be overwritten by a process of an earlier start. */
export function isNewer(theirs: string, ours: string): boolean {
  if (theirs === ours) return false;
  const [their, our] = [startedAt(theirs), startedAt(ours)];
  return their > our || (their === our && theirs > ours);
}

export function byId(a: ServiceInstance, b: ServiceInstance): number {
  return a.id < b.id ? -1 : Number(a.id > b.id);
}
