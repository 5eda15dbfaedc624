import type { ServiceInstance } from "../ports/registry.js";
import type { Target } from "../ports/rollout.js";

/** Whether an instance has everything that a target names. */
export function matches(target: Target, instance: ServiceInstance): boolean {
  const { version, track, id, labels } = target;
  return (
    (version === undefined || instance.version === version) &&
    (track === undefined || instance.track === track) &&
    (id === undefined || instance.id === id) &&
    (labels === undefined || Object.entries(labels).every(([name, value]) => instance.labels[name] === value))
  );
}

/** As errors and commands write it: `version=1.5.0 zone=a`. The same text for the same target. */
export function targetName({ version, track, id, labels = {} }: Target): string {
  const fields = { version, track, id };
  const own = Object.entries(fields).filter(([, value]) => value !== undefined);
  const tagged = Object.entries(labels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => [`labels.${name}`, value] as const);
  return [...own, ...tagged].map(([name, value]) => `${name}=${value}`).join(" ");
}
