import type { Logger } from "pino";
import type { IEvent, IWatchResponse } from "etcd3";
import { createBackoff } from "../backoff.js";
import { createFaultLog, type FaultLog } from "../fault-log.js";
import type { Auth } from "./auth.js";
import { refusesToken } from "./dial.js";
import type { KeyRange } from "./keys.js";
import type { Link, Member } from "./link.js";
import type { Environment } from "./retry.js";
import { openWatchStream, type WatchStream } from "./watch-stream.js";

/** Keys somebody wants the changes of. Its methods must not throw. */
export interface Watched {
  readonly range: KeyRange;
  /** The first revision wanted; asked each time the watch is created. */
  resumeFrom(): number;
  /** etcd has created the watch, at this revision of its own. */
  created(revision: number): void;
  changed(events: readonly IEvent[]): void;
  /** etcd has ended this watch; the hub has forgotten it. */
  cancelled(why: string): void;
}

export interface WatchHubOptions extends Environment {
  readonly link: Link;
  readonly auth: Auth;
  readonly openTimeoutMs: number;
  readonly logger?: Logger | undefined;
}

/** Why a stream was closed that nobody needs; the only end that is not a fault. */
const nothingWatched = new Error("nothing is watched");

/** Keeps all watches of the process going on one stream: when it ends, all resume on a new one. */
export class WatchHub {
  readonly #options: WatchHubOptions;
  readonly #faults: FaultLog;
  readonly #watched = new Set<Watched>();
  readonly #closed = new AbortController();
  readonly #backoff;
  #live: Session | undefined;
  #running: Promise<void> | undefined;

  constructor(options: WatchHubOptions) {
    this.#options = options;
    this.#faults = createFaultLog(options.logger, "etcd watch");
    this.#backoff = createBackoff({ random: options.random });
  }

  add(watched: Watched): void {
    if (this.#closed.signal.aborted) return;
    this.#watched.add(watched);
    this.#live?.add(watched);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  remove(watched: Watched): void {
    this.#watched.delete(watched);
    this.#live?.remove(watched);
    if (this.#watched.size === 0) this.#live?.close(nothingWatched);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#watched.clear();
    this.#live?.close(new Error("etcd registry is closed"));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    // Lets a caller add several before the first stream opens, and `#running` be set before it is cleared.
    await Promise.resolve();
    while (this.#watched.size > 0 && !this.#closed.signal.aborted) {
      const reason = await this.#session();
      if (reason === nothingWatched || this.#closed.signal.aborted) continue;
      this.#faults.failed(reason);
      await clock.sleep(this.#backoff.next(), this.#closed.signal).catch(() => {});
    }
  }

  /** One stream from its opening to its end. */
  async #session(): Promise<Error> {
    const { link, clock, openTimeoutMs } = this.#options;
    let member: Member;
    let stream: WatchStream;
    try {
      member = await link.member();
      stream = await openWatchStream(member, {
        clock,
        openTimeoutMs,
        onResponse: (response) => this.#received(response),
      });
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
    this.#live = new Session(stream);
    for (const watched of this.#watched) this.#live.add(watched);
    if (this.#watched.size === 0) stream.close(nothingWatched);
    const reason = await stream.ended;
    this.#live = undefined;
    if (reason !== nothingWatched) link.failed(member);
    return reason;
  }

  #received(response: IWatchResponse): void {
    const live = this.#live;
    const watched = live?.get(response.watch_id);
    if (response.canceled) return this.#cancelled(response, watched);
    if (response.created) {
      this.#backoff.reset();
      this.#faults.recovered();
      this.#options.link.worked();
      live?.created(response.watch_id);
      watched?.created(Number(response.header.revision));
    }
    if (response.events.length > 0) watched?.changed(response.events);
  }

  #cancelled(response: IWatchResponse, watched: Watched | undefined): void {
    const { compact_revision: compacted, cancel_reason: reason, watch_id: id } = response;
    const why = Number(compacted) > 0 ? `compacted at revision ${compacted}` : reason || "no reason given";
    const { auth } = this.#options;
    if (refusesToken(reason)) {
      // A stream keeps the token it was opened with, so only a new one can carry another.
      auth.drop(auth.token);
      this.#live?.close(new Error(`etcd refused a watch: ${why}`));
      return;
    }
    // A refused watch never got its id (-1), so it is one of those that etcd has not created yet.
    const ended = watched ? [watched] : Number(id) < 0 ? (this.#live?.uncreated() ?? []) : [];
    for (const each of ended) {
      this.#watched.delete(each);
      this.#live?.forget(each);
      each.cancelled(why);
    }
  }
}

/** Which watch has which id on one stream. */
class Session {
  readonly #stream: WatchStream;
  readonly #byId = new Map<string, { readonly watched: Watched; created: boolean }>();
  #lastId = 0;

  constructor(stream: WatchStream) {
    this.#stream = stream;
  }

  get(id: string): Watched | undefined {
    return this.#byId.get(id)?.watched;
  }

  add(watched: Watched): void {
    this.#lastId += 1;
    this.#byId.set(String(this.#lastId), { watched, created: false });
    this.#stream.watch(this.#lastId, watched.range, watched.resumeFrom());
  }

  created(id: string): void {
    const known = this.#byId.get(id);
    if (known) known.created = true;
  }

  uncreated(): Watched[] {
    return [...this.#byId.values()].filter(({ created }) => !created).map(({ watched }) => watched);
  }

  remove(watched: Watched): void {
    const id = this.forget(watched);
    if (id !== undefined) this.#stream.unwatch(Number(id));
  }

  /** Drops a watch that etcd no longer has; returns the id it had. */
  forget(watched: Watched): string | undefined {
    const [id] = [...this.#byId].find(([, known]) => known.watched === watched) ?? [];
    if (id !== undefined) this.#byId.delete(id);
    return id;
  }

  close(reason: Error): void {
    this.#stream.close(reason);
  }
}
