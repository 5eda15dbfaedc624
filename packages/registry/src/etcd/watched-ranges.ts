import type { IEvent, IKeyValue } from "etcd3";
import type { Logger } from "pino";
import { createBackoff } from "../backoff.js";
import { createFaultLog } from "../fault-log.js";
import type { KeyRange } from "./keys.js";
import type { Link } from "./link.js";
import { retry, type Environment } from "./retry.js";
import type { Watched, WatchHub } from "./watch-hub.js";

/** What a key holds. */
export interface Held {
  readonly value: Buffer;
  /** Decimal; `0` for none. */
  readonly lease: string;
  readonly modRevision: number;
}

/** A key that holds something else than before, or nothing any more. */
export interface KeyChange {
  readonly key: string;
  readonly held: Held | undefined;
}

export interface WatchedRangesOptions extends Environment {
  /** At least one; they must not overlap. */
  readonly ranges: readonly KeyRange[];
  /** For logs: a prefix or key. */
  readonly name: string;
  readonly kv: Link;
  readonly hub: WatchHub;
  readonly logger?: Logger | undefined;
  /** What changed by `revision`; the first call, with all there is, comes even when that is nothing. Must not throw. */
  readonly onChange: (changes: readonly KeyChange[], revision: number) => void;
}

/** How often all keys are read again although the watch seems sound, and the share by which that varies. */
const relistMs = 300_000;

/**
 * How soon after a watch was resumed all keys are read again, at most. A wiped etcd that has since written more than we
 * had seen looks like one that was only away.
 */
const recheckMs = 5000;

/** A lasting cause of reading again must not become a loop: the pace is reset after this long without one. */
const calmMs = 10_000;

/**
 * Follows ranges of keys and loses nothing: it reads them all in one transaction, watches each from the revision after,
 * and reads them all again whenever a gap is possible in one: after a compaction, a restored etcd, a refused watch, and
 * every 5 to 10 minutes.
 */
export class WatchedRanges {
  readonly #options: WatchedRangesOptions;
  readonly #parts: readonly Part[];
  readonly #held = new Map<string, Held>();
  readonly #closed = new AbortController();
  #revision = 0;
  #listed = false;
  #relist: () => void = () => {};
  #stopRecheck: () => void = () => {};
  readonly #done: Promise<void>;

  constructor(options: WatchedRangesOptions) {
    this.#options = options;
    this.#parts = options.ranges.map((range) => new Part(range, this));
    this.#done = this.#run(this.#closed.signal).catch(() => {});
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error("watch is closed"));
    await this.#done;
  }

  /** For the parts: etcd goes on with one of them, at this revision of its own. */
  resumed(revision: number, again: boolean): void {
    if (revision < this.#revision) return this.#relist();
    if (!again) return;
    this.#stopRecheck();
    this.#stopRecheck = this.#options.clock.timer(this.#options.random() * recheckMs, () => this.#relist());
  }

  /** For the parts: events that none of them has seen. */
  apply(events: readonly IEvent[]): void {
    const changes = events.map(({ type, kv }): KeyChange => {
      const key = kv.key.toString();
      const held = type === "Delete" ? undefined : heldIn(kv);
      this.#set(key, held);
      this.#revision = Math.max(this.#revision, Number(kv.mod_revision));
      return { key, held };
    });
    if (changes.length > 0) this.#options.onChange(changes, this.#revision);
  }

  /** For the parts: one of them may miss events. */
  gap(why: string): void {
    this.#options.logger?.info(
      { range: this.#options.name, why },
      "etcd watch was cancelled; reading all keys again",
    );
    this.#relist();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { hub, clock, random } = this.#options;
    const backoff = createBackoff({ random });
    const remove = (): void => {
      for (const part of this.#parts) hub.remove(part);
    };
    try {
      for (;;) {
        await this.#list(signal);
        // Who heard what was read may have had enough of it.
        signal.throwIfAborted();
        const listedAt = clock.now();
        const due = this.#due(signal);
        for (const part of this.#parts) {
          part.restart(this.#revision);
          hub.add(part);
        }
        await due;
        remove();
        if (clock.now() - listedAt > calmMs) backoff.reset();
        else await clock.sleep(backoff.next(), signal);
      }
    } finally {
      remove();
    }
  }

  /** Resolves when all keys are to be read again. */
  #due(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        stop();
        this.#stopRecheck();
        signal.removeEventListener("abort", aborted);
        resolve();
      };
      const aborted = (): void => {
        settle();
        reject(signal.reason as Error);
      };
      const stop = clock.timer(relistMs * (1 + random()), settle);
      this.#relist = settle;
      signal.addEventListener("abort", aborted, { once: true });
    });
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { kv, logger, name, ranges, onChange } = this.#options;
    const success = ranges.map(({ key, end }) => ({
      request_range: { key, ...(end ? { range_end: end } : {}) },
    }));
    const faults = createFaultLog(logger, `reading ${name} from etcd`);
    const answer = await retry(() => kv.call(({ kv }) => kv.txn({ success })), this.#options, faults, signal);
    const changes: KeyChange[] = [];
    const gone = new Set(this.#held.keys());
    for (const found of answer.responses.flatMap(({ response_range: range }) => range.kvs)) {
      const key = found.key.toString();
      gone.delete(key);
      const before = this.#held.get(key);
      const held = heldIn(found);
      this.#set(key, held);
      if (before?.lease !== held.lease || !before.value.equals(held.value)) changes.push({ key, held });
    }
    for (const key of gone) {
      this.#set(key, undefined);
      changes.push({ key, held: undefined });
    }
    this.#revision = Number(answer.header.revision);
    if (changes.length > 0 || !this.#listed) onChange(changes, this.#revision);
    this.#listed = true;
  }

  #set(key: string, held: Held | undefined): void {
    if (held) this.#held.set(key, held);
    else this.#held.delete(key);
  }
}

/** The watch of one range, which resumes from the last event of its own. */
class Part implements Watched {
  readonly range: KeyRange;
  readonly #whole: WatchedRanges;
  #revision = 0;
  #creations = 0;

  constructor(range: KeyRange, whole: WatchedRanges) {
    this.range = range;
    this.#whole = whole;
  }

  /** All was read at this revision. */
  restart(revision: number): void {
    this.#revision = revision;
    this.#creations = 0;
  }

  resumeFrom(): number {
    return this.#revision + 1;
  }

  created(revision: number): void {
    this.#creations += 1;
    this.#whole.resumed(revision, this.#creations > 1);
  }

  changed(events: readonly IEvent[]): void {
    const unseen = events.filter(({ kv }) => Number(kv.mod_revision) > this.#revision);
    // Only events move us on: the header's revision may be ahead of what this stream has sent.
    for (const { kv } of unseen) this.#revision = Math.max(this.#revision, Number(kv.mod_revision));
    this.#whole.apply(unseen);
  }

  cancelled(why: string): void {
    this.#whole.gap(why);
  }
}

function heldIn({ value, lease, mod_revision: mod }: IKeyValue): Held {
  return { value, lease, modRevision: Number(mod) };
}
