import type { Clock } from "@rollcall/core";

/** Something that the drill did to an instance, or to the registry. */
export interface DrillEvent {
  readonly atMs: number;
  /** Undefined for the registry. */
  readonly instance?: string | undefined;
  /** `it got SIGTERM`. */
  readonly what: string;
}

/** What the drill did and when: the first thing to ask when a call was dropped. */
export interface Timeline {
  note(what: string, instance?: string): void;
  /** The last thing done by `atMs` to this instance, or else to anything. */
  lastBefore(atMs: number, instance: string): DrillEvent | undefined;
}

export function createTimeline(clock: Clock): Timeline {
  const events: DrillEvent[] = [];
  return {
    note: (what, instance) => void events.push({ atMs: clock.now(), what, instance }),
    lastBefore(atMs, instance) {
      const before = events.filter((event) => event.atMs <= atMs);
      return before.findLast((event) => event.instance === instance) ?? before.at(-1);
    },
  };
}
