import type { Leadership } from "@rollcall/core";
import type { RegistryLine } from "./line.js";
import type { SimSession } from "./sim-session.js";

/** What the registry knows a leadership by. */
const known = new WeakMap<Leadership, Leadership>();

/** The registry's own of a process's leadership; of another registry's, the same, to be refused. */
export function withLeadership(leadership: Leadership): Leadership {
  return known.get(leadership) ?? leadership;
}

/** Waits to be elected, on the session's lease, and tries again with another one when that has ended. */
export async function campaign(
  line: RegistryLine,
  session: SimSession,
  { service, candidate }: { readonly service: string; readonly candidate: string },
  signal: AbortSignal,
): Promise<Leadership> {
  const { registry, process } = line;
  const until = new AbortController();
  const stop = (): void => until.abort(signal.aborted ? signal.reason : session.closed.reason);
  const ends = [signal, session.closed];
  for (const each of ends) each.addEventListener("abort", stop, { once: true });
  try {
    for (;;) {
      const lease = await session.lease(until.signal);
      const request = { process: process.name, service, candidate };
      const withdrawn = new AbortController();
      let elected: Promise<Leadership | undefined> | undefined;
      try {
        await line.call(() => {
          elected ??= registry.policies.campaign(request, lease.id, withdrawn.signal);
          elected.catch(() => {});
        }, until.signal);
        const won = await first(elected, until.signal);
        // It has to hear of it.
        await process.clock.sleep(registry.latencyMs / 2, until.signal);
        if (won && !lease.over.aborted) return lead(line, service, won, lease.over);
      } catch (error) {
        // Whoever is gone cannot say so: its lease ends what it asked for.
        const giveUp = async (): Promise<void> => {
          withdrawn.abort(new Error("the campaign was given up"));
          const late = await elected?.catch(() => undefined);
          if (late) await registry.policies.resign(service, late);
        };
        line.call(giveUp, lease.over).catch(() => {});
        throw error;
      }
      await process.clock.sleep(process.random() * 100, until.signal);
    }
  } finally {
    for (const each of ends) each.removeEventListener("abort", stop);
  }
}

function lead(line: RegistryLine, service: string, won: Leadership, over: AbortSignal): Leadership {
  const lost = new AbortController();
  let resigned: Promise<void> | undefined;
  const ended = (): void => {
    if (!resigned) lost.abort(over.reason);
  };
  over.addEventListener("abort", ended, { once: true });
  const leadership: Leadership = {
    lost: lost.signal,
    resign() {
      over.removeEventListener("abort", ended);
      const { policies } = line.registry;
      // Whoever is no longer there cannot repeat it: the lease ends it then.
      resigned ??= line.call(() => policies.resign(service, won), over).catch(() => {});
      return resigned;
    },
  };
  known.set(leadership, won);
  return leadership;
}

function first<T>(promise: Promise<T> | undefined, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason as Error);
    if (signal.aborted) aborted();
    signal.addEventListener("abort", aborted, { once: true });
    Promise.resolve(promise)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", aborted));
  });
}
