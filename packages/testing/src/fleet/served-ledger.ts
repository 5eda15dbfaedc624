import type { ReceiptRecorder } from "./receipt-recorder.js";
import { isKind } from "./process.js";

/** What a server tells its parent: the requests that its handlers have begun since, and how many they have in hand. */
export interface ServedMessage {
  readonly rollcall: "served";
  readonly ids: readonly string[];
  readonly inFlight: number;
}

/** A server's side: counts what its handlers run. */
export interface ServedReporter {
  /** A handler begins a request. The id is the caller's, one per call, the same over its attempts. */
  begin(id: string): void;
  /** A handler has ended one. */
  end(): void;
}

/**
 * Reports what handlers run to the parent process, in the same turn of the event loop, so that hardly anything is lost
 * with a process that is killed. Without a parent that listens it does nothing.
 */
export function createServedReporter(): ServedReporter {
  let ids: string[] = [];
  let inFlight = 0;
  let due = false;
  const flush = (): void => {
    due = false;
    const message: ServedMessage = { rollcall: "served", ids, inFlight };
    ids = [];
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
  };
  const soon = (): void => {
    if (due || !process.send) return;
    due = true;
    setImmediate(flush);
  };
  return {
    begin(id) {
      ids.push(id);
      inFlight++;
      soon();
    },
    end() {
      inFlight--;
      soon();
    },
  };
}

/** The runner's side: which requests ran, where, and which of them more than once. */
export interface ServedLedger {
  /** Takes a `served` message of an instance; anything else is ignored. */
  heard(instance: string, message: unknown): void;
  /** What the instance's handlers have in hand. */
  inFlight(instance: string): number;
  /** An instance's process has ended: it has nothing in hand. */
  ended(instance: string): void;
  /** The requests that ran more than once, each as often as it did too much. */
  readonly duplicates: readonly string[];
  /** Writes the counts to a receipt; once. */
  writeTo(recorder: ReceiptRecorder): void;
}

/** A ledger over all servers of a fleet: a request that two instances ran is a duplicate as much as one that one ran twice. */
export function createServedLedger(): ServedLedger {
  const seen = new Set<string>();
  const duplicates: string[] = [];
  const counts = new Map<string, { served: number; duplicates: number; inFlight: number }>();
  const of = (instance: string): { served: number; duplicates: number; inFlight: number } => {
    let found = counts.get(instance);
    if (!found) counts.set(instance, (found = { served: 0, duplicates: 0, inFlight: 0 }));
    return found;
  };
  return {
    heard(instance, message) {
      if (!isKind(message, "served")) return;
      const { ids, inFlight } = message as ServedMessage;
      const count = of(instance);
      count.inFlight = inFlight;
      for (const id of ids) {
        count.served++;
        if (!seen.has(id)) seen.add(id);
        else {
          count.duplicates++;
          duplicates.push(id);
        }
      }
    },
    duplicates,
    inFlight: (instance) => counts.get(instance)?.inFlight ?? 0,
    ended(instance) {
      of(instance).inFlight = 0;
    },
    writeTo(recorder) {
      for (const [instance, { served, duplicates }] of counts)
        recorder.served(instance, { served, duplicates });
    },
  };
}
