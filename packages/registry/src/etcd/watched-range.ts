import type { IEvent } from "etcd3";
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

export interface WatchedRangeOptions extends Environment {
  readonly range: KeyRange;
  /** For logs: the prefix or key. */
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
 * Follows a range of keys and loses nothing: it reads them all, watches from the revision after, and reads them all again
 * whenever a gap is possible: after a compaction, a restored etcd, a refused watch, and every 5 to 10 minutes.
 */
export class WatchedRange implements Watched {
  readonly range: KeyRange;
  readonly #options: WatchedRangeOptions;
  readonly #held = new Map<string, Held>();
  readonly #closed = new AbortController();
  #revision = 0;
  #listed = false;
  #creations = 0;
  #relist: () => void = () => {};
  #stopRecheck: () => void = () => {};
  readonly #done: Promise<void>;

  constructor(options: WatchedRangeOptions) {
    this.#options = options;
    this.range = options.range;
    this.#done = this.#run(this.#closed.signal).catch(() => {});
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error("watch is closed"));
    await this.#done;
  }

  resumeFrom(): number {
    return this.#revision + 1;
  }

  created(revision: number): void {
    this.#creations += 1;
    if (revision < this.#revision) return this.#relist();
    if (this.#creations === 1) return;
    this.#stopRecheck();
    this.#stopRecheck = this.#options.clock.timer(this.#options.random() * recheckMs, () => this.#relist());
  }

  changed(events: readonly IEvent[]): void {
    const changes: KeyChange[] = [];
    let revision = this.#revision;
    for (const { type, kv } of events) {
      const modRevision = Number(kv.mod_revision);
      if (modRevision <= this.#revision) continue;
      // Only events move us on: the header's revision may be ahead of what this stream has sent.
      revision = Math.max(revision, modRevision);
      const key = kv.key.toString();
      const held = type === "Delete" ? undefined : { value: kv.value, lease: kv.lease, modRevision };
      this.#set(key, held);
      changes.push({ key, held });
    }
    this.#revision = revision;
    if (changes.length > 0) this.#options.onChange(changes, revision);
  }

  cancelled(why: string): void {
    this.#options.logger?.info(
      { range: this.#options.name, why },
      "etcd watch was cancelled; reading all keys again",
    );
    this.#relist();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { hub, clock, random } = this.#options;
    const backoff = createBackoff({ random });
    try {
      for (;;) {
        await this.#list(signal);
        const listedAt = clock.now();
        const due = this.#due(signal);
        this.#creations = 0;
        hub.add(this);
        await due;
        hub.remove(this);
        if (clock.now() - listedAt > calmMs) backoff.reset();
        else await clock.sleep(backoff.next(), signal);
      }
    } finally {
      hub.remove(this);
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
    const { kv, logger, name, onChange } = this.#options;
    const { key, end } = this.range;
    const request = { key, ...(end ? { range_end: end } : {}) };
    const faults = createFaultLog(logger, `reading ${name} from etcd`);
    const answer = await retry(() => kv.call(({ kv }) => kv.range(request)), this.#options, faults, signal);
    const changes: KeyChange[] = [];
    const gone = new Set(this.#held.keys());
    for (const { key: found, value, lease, mod_revision: mod } of answer.kvs) {
      const key = found.toString();
      gone.delete(key);
      const before = this.#held.get(key);
      const held = { value, lease, modRevision: Number(mod) };
      this.#set(key, held);
      if (before?.lease !== lease || !before.value.equals(value)) changes.push({ key, held });
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
