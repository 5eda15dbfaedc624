import { startedAt, type Clock, type ListedInstance } from "@rollcall/core";

const askEveryMs = 100;

export interface AwaitedInstance {
  /** Asks the registry for the instances of all services. */
  list(): Promise<readonly ListedInstance[]>;
  readonly id: string;
  /** Records of a process that started before this are its predecessor's. Milliseconds since the epoch; default: any. */
  readonly sinceMs?: number | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Resolves with the address of the instance that is registered under an id, for any service. Rejects when the signal
 * aborts; a registry that does not answer is asked again.
 */
export async function untilRegistered({
  list,
  id,
  sinceMs,
  clock,
  signal,
}: AwaitedInstance): Promise<string> {
  for (;;) {
    const listed = await list().catch(() => []);
    const found = listed.find(
      ({ instance }) =>
        instance.id === id &&
        instance.state === "up" &&
        (sinceMs === undefined || startedAt(instance.incarnation) >= sinceMs),
    );
    if (found) return found.instance.address;
    await clock.sleep(askEveryMs, signal);
  }
}
