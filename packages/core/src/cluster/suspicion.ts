import type { ClusterEndpoint } from "./endpoint.js";

/** A share that may vanish without being doubted; Eureka's threshold. */
const plausibleShare = 0.15;

/**
 * Instances that vanish within this time of each other count as one event: the leases that a registry lets run out by
 * its own fault end one by one.
 */
export const suspicionWindowMs = 10_000;

/**
 * Which of the endpoints that vanished from the registry are to be doubted rather than believed gone. A server that
 * leaves says so first; when more than one instance and 15 %, or the last one, are gone without a word, the registry
 * is as likely to have lost them.
 * @param up how many were up before the change
 * @param vanished those of them that are missing now and had not said that they were leaving
 * @param missing how many had vanished shortly before, and have not come back
 */
export function suspects(
  up: number,
  vanished: readonly ClusterEndpoint[],
  missing = 0,
): readonly ClusterEndpoint[] {
  const plausible = Math.max(1, (up + missing) * plausibleShare);
  return vanished.length + missing > plausible || vanished.length === up ? vanished : [];
}
