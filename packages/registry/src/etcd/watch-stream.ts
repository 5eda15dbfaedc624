import type { Clock } from "@rollcall/core";
import type { IWatchResponse } from "etcd3";
import type { KeyRange } from "./keys.js";
import type { Member } from "./link.js";

/** How long a stream may be silent before etcd is asked whether it is there; twice that ends it. */
export const idleMs = 10_000;

/**
 * The watch that is made only to hear from etcd. A progress request would be shorter, but etcd leaves it unanswered while
 * any watch of the stream waits for a revision that is still to come, as ours do whenever nothing has changed.
 * Source: etcd, server/storage/mvcc/watchable_store.go, progressIfSync
 */
const probeId = 2 ** 31 - 1;

/** One watch stream, which carries any number of watches. */
export interface WatchStream {
  watch(id: number, range: KeyRange, startRevision: number): void;
  unwatch(id: number): void;
  /** Ends the stream; `ended` resolves. */
  close(reason: Error): void;
  /** Resolves with the reason when the stream is over, whoever ended it. */
  readonly ended: Promise<Error>;
}

export interface WatchStreamOptions {
  readonly clock: Clock;
  /** How long the first response may take. */
  readonly openTimeoutMs: number;
  readonly onResponse: (response: IWatchResponse) => void;
}

/** Opens a stream; never rejects on account of etcd, see `ended`. */
export async function openWatchStream(member: Member, options: WatchStreamOptions): Promise<WatchStream> {
  const { clock, openTimeoutMs, onResponse } = options;
  const stream = await member.client.watchClient.watch();
  const { promise: ended, resolve } = Promise.withResolvers<Error>();
  let over = false;
  let stopTimer = (): void => {};
  let watchedKey: Buffer | undefined;

  const end = (reason: Error): void => {
    if (over) return;
    over = true;
    stopTimer();
    stream.cancel();
    resolve(reason);
  };
  const heard = (): void => {
    stopTimer();
    stopTimer = clock.timer(idleMs, () => {
      // A key that we may read; which one does not matter, as nobody hears of its changes.
      if (watchedKey) stream.write({ create_request: { key: watchedKey, watch_id: probeId } });
      stopTimer = clock.timer(idleMs, () => end(new Error("etcd watch is silent")));
    });
  };
  stopTimer = clock.timer(openTimeoutMs, () => end(new Error("etcd did not answer a watch in time")));
  stream.on("data", (response) => {
    if (over) return;
    heard();
    if (response.watch_id !== String(probeId)) return onResponse(response);
    if (response.created && !response.canceled) stream.write({ cancel_request: { watch_id: probeId } });
  });
  stream.on("error", end);
  stream.on("end", () => end(new Error("etcd ended a watch")));

  return {
    watch(id, { key, end: rangeEnd }, startRevision) {
      const create = {
        key,
        ...(rangeEnd ? { range_end: rangeEnd } : {}),
        start_revision: startRevision,
        watch_id: id,
      };
      watchedKey = key;
      if (!over) stream.write({ create_request: create });
    },
    unwatch(id) {
      if (!over) stream.write({ cancel_request: { watch_id: id } });
    },
    close: end,
    ended,
  };
}
