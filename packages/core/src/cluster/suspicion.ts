import type { ClusterEndpoint } from "./endpoint.js";

/** A share that may vanish at once without being doubted; Eureka's threshold. */
const plausibleShare = 0.15;

/**
 * Which of the endpoints that vanished from the registry are to be doubted rather than believed gone. A server that
 * leaves says so first; when more than one instance and 15 %, or the last one, are gone without a word, the registry
 * is as likely to have lost them.
 * @param before those that were up before the change
 * @param vanished those of them that are missing now and had not said that they were leaving
 */
export function suspects(before: number, vanished: readonly ClusterEndpoint[]): readonly ClusterEndpoint[] {
  const plausible = Math.max(1, before * plausibleShare);
  return vanished.length > plausible || vanished.length === before ? vanished : [];
}
