/** Keys from `key` up to and without `end`; only `key` itself when there is no end. */
export interface KeyRange {
  readonly key: Buffer;
  readonly end?: Buffer;
}

/** Where the records of all services stand. `keyPrefix` is empty or ends in a slash, here and below. */
export function servicesPrefix(keyPrefix: string): string {
  return `${keyPrefix}services/`;
}

/** Where the records of a service stand. */
export function servicePrefix(keyPrefix: string, service: string): string {
  return `${servicesPrefix(keyPrefix)}${service}/`;
}

/** Where the policy of a service stands: this one key. */
export function policyKey(keyPrefix: string, service: string): string {
  return `${keyPrefix}rollout/${service}`;
}

/** Where every policy of a service that was in force stands, by its `gen`. */
export function historyPrefix(keyPrefix: string, service: string): string {
  return `${keyPrefix}rollout-log/${service}/`;
}

/** The key of one policy in the history: padded, so that keys sort as numbers do. */
export function historyKey(keyPrefix: string, service: string, gen: number): string {
  return historyPrefix(keyPrefix, service) + String(gen).padStart(10, "0");
}

/** Where the controller of a service's rollout stands: this one key, on its lease. */
export function leaderKey(keyPrefix: string, service: string): string {
  return `${keyPrefix}rollout-leader/${service}`;
}

/** Where callers report what they see of a service, each under its id and on its lease. */
export function reportPrefix(keyPrefix: string, service: string): string {
  return `${keyPrefix}rollout-stats/${service}/`;
}

/** Where callers say which of their breakers for a service are not closed, each under its id and on its lease. */
export function breakerPrefix(keyPrefix: string, service: string): string {
  return `${keyPrefix}breakers/${service}/`;
}

/** All keys that start with a prefix that ends in a slash, the character before `0`. */
export function under(prefix: string): KeyRange {
  return { key: Buffer.from(prefix), end: Buffer.from(`${prefix.slice(0, -1)}0`) };
}
