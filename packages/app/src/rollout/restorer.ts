import type { RolloutPolicy, Snapshot } from "@rollcall/core";
import type { ControllerEnv } from "./controller.js";
import { FaultRow } from "./fault-row.js";
import { restorePolicy } from "./plan.js";
import { askStore } from "./store-request.js";

/** How long it takes, at most, until a lost policy is put back: so that not all who remember it do it at once. */
const spreadMs = 2_000;

/**
 * Puts a service's policy back when the registry has lost it: a missing document is not an empty policy. Whoever is first
 * writes it, by a compare-and-set from nothing; no leadership is needed, and a document that is there is never replaced.
 * Runs until the signal aborts. Never rejects.
 * @param afterMs for those who leave it to others first; default 0
 */
export async function restoreLostPolicy(env: ControllerEnv, signal: AbortSignal, afterMs = 0): Promise<void> {
  const { service, candidate, feed, store, clock, random, logger } = env;
  const faults = new FaultRow(logger, `requests to restore the policy of ${service}`, random);
  let seen: Snapshot | undefined;
  try {
    for (;;) {
      seen = await feed.next(seen, signal);
      if (!lostBy(seen)) continue;
      await clock.sleep(afterMs + spreadMs * random(), signal);
      const known = lostBy(feed.current);
      if (!known) continue;
      try {
        const policy = restorePolicy(known, { by: candidate, at: Math.floor(clock.now()) });
        const changes = [{ service, revision: 0, policy }];
        const { won } = await askStore(clock, signal, (bounded) => store.compareAndSet(changes, bounded));
        faults.recovered();
        if (won) logger.warn({ service, gen: policy.gen, reason: policy.reason }, "policy restored");
      } catch (error) {
        signal.throwIfAborted();
        await clock.sleep(faults.failed(error), signal);
        // Look at the same snapshot again.
        seen = undefined;
      }
    }
  } catch (error) {
    if (!signal.aborted) logger.error({ err: error, service }, "restoring policies ended");
  }
}

function lostBy(snapshot: Snapshot | undefined): RolloutPolicy | undefined {
  return snapshot?.policyLost ? snapshot.policy : undefined;
}
