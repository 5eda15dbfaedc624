import { hashText, stickyKey, type BalancerFactory, type Call } from "@rollcall/core";
import { RingHash } from "./ring-hash.js";

/** What `keyHash` chooses by. */
export interface KeyHashOptions {
  /**
   * What calls must have in common to meet at one endpoint; undefined for a call that may go anywhere. Default: the
   * first value of the metadata `rollcall-key`.
   */
  readonly key?: (call: Call) => string | undefined;
}

function metadataKey(call: Call): string | undefined {
  const value = call.metadata.get(stickyKey)[0];
  return typeof value === "string" ? value : undefined;
}

function hashingBy(key: (call: Call) => string | undefined): BalancerFactory {
  return {
    name: "key-hash",
    create: (env) =>
      new RingHash(env, (call) => {
        const text = key(call);
        return text === undefined ? -1 : hashText(text);
      }),
  };
}

const byMetadata = hashingBy(metadataKey);

/**
 * Calls of one key to one endpoint, the same for every caller that has the same view, in proportion to the weights:
 * for caches, and for state that lives in one place at a time. Balances load only as evenly as keys are called.
 *
 * Whoever joins takes over 1/n of the keys, give or take the unevenness of the ring, and no other key moves; slow start
 * lets them over step by step. Whoever leaves, or has been tried by the call, leaves its keys to the others. An instance
 * that restarts under its id has its old keys. Weight 0 gets nothing. When the highest weight passes a power of two,
 * other keys move too.
 *
 * Calls without a key go to any endpoint, in proportion to the weights. Without options it is the policy that the name
 * `key-hash` stands for, always the same object.
 *
 * Takes O(log n) per pick, and 1 kB per endpoint; shares vary by about 10 %.
 *
 * Sources: gRFC A42 for the ring, https://github.com/grpc/proposal/blob/master/A42-xds-ring-hash-lb-policy.md; D. Karger
 * et al., "Consistent Hashing and Random Trees", STOC 1997. That points count by the weight of the moment is ours.
 */
export function keyHash({ key }: KeyHashOptions = {}): BalancerFactory {
  return key ? hashingBy(key) : byMetadata;
}
