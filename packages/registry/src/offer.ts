import { ConfigError, type ServiceInstance } from "@rollcall/core";
import { faultOf } from "./record.js";

/** What `Registration.update` changes. */
export interface OfferChange {
  readonly state?: "up" | "draining";
  readonly weight?: number;
}

/** Throws a `ConfigError` that names the first instance which cannot be registered, and why. */
export function checkOffer(all: readonly ServiceInstance[]): void {
  const seen = new Set<string>();
  for (const instance of all) {
    const name = `${instance.service} at ${instance.address}`;
    const fault = faultOf(instance);
    if (fault) throw new ConfigError(`cannot register ${name}: ${fault}`);
    const key = `${instance.service}/${instance.id}`;
    if (seen.has(key)) throw new ConfigError(`cannot register ${name}: id "${instance.id}" is offered twice`);
    seen.add(key);
  }
}

/** The instances with a change applied to each. */
export function changeOffer(all: readonly ServiceInstance[], change: OfferChange): ServiceInstance[] {
  const { state, weight } = change;
  const changed = all.map((instance) => ({
    ...instance,
    ...(state === undefined ? {} : { state }),
    ...(weight === undefined ? {} : { weight }),
  }));
  checkOffer(changed);
  return changed;
}
