import type { Feed, Leadership, RolloutStore, Snapshot } from "@rollcall/core";
import { isActive } from "./plan.js";
import { orAborted } from "./store-request.js";

interface CampaignEnv {
  readonly service: string;
  readonly candidate: string;
  readonly feed: Feed<Snapshot>;
  readonly store: RolloutStore;
}

/**
 * Waits to be the one in charge of a rollout, for as long as there is one: undefined when it ended first.
 * Rejects with what the store throws, or the signal's reason.
 */
export async function campaign(
  { service, candidate, feed, store }: CampaignEnv,
  signal: AbortSignal,
): Promise<Leadership | undefined> {
  const over = new AbortController();
  const watching = new AbortController();
  const ended = async (): Promise<void> => {
    const until = AbortSignal.any([signal, watching.signal]);
    let { current } = feed;
    while (isActive(current?.policy?.rollout)) current = await feed.next(current, until);
    over.abort(new Error("the rollout has ended"));
  };
  ended().catch(() => {});
  const bounded = AbortSignal.any([signal, over.signal]);
  const won = store.campaign(service, candidate, bounded);
  try {
    return await orAborted(won, bounded);
  } catch (error) {
    // It may yet be won by a store that is late; nobody would use it.
    won.then((late) => late.resign()).catch(() => {});
    if (over.signal.aborted && !signal.aborted) return undefined;
    throw error;
  } finally {
    watching.abort(new Error("the campaign is over"));
  }
}
