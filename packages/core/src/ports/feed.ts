/** A value that changes, for many readers; a slow reader sees the latest and skips what lies between. */
export interface Feed<T> {
  readonly current: T | undefined;
  /** Resolves with a value other than `after`: at once when `current` already is one. Rejects with the signal's reason. */
  next(after: T | undefined, signal: AbortSignal): Promise<T>;
}

/** A feed and the right to publish on it. */
export interface FeedSource<T> extends Feed<T> {
  /** Publishes; a value identical to the current one (`===`) wakes nobody. */
  publish(value: T): void;
}

/** A feed with no value yet, or with `initial`. */
export function createFeed<T>(initial?: T): FeedSource<T> {
  let current = initial;
  const waiting = new Set<(value: T) => void>();
  return {
    get current() {
      return current;
    },
    next(after, signal) {
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      if (current !== undefined && current !== after) return Promise.resolve(current);
      return new Promise<T>((resolve, reject) => {
        const woken = (value: T): void => {
          signal.removeEventListener("abort", aborted);
          resolve(value);
        };
        const aborted = (): void => {
          waiting.delete(woken);
          reject(signal.reason as Error);
        };
        waiting.add(woken);
        signal.addEventListener("abort", aborted, { once: true });
      });
    },
    publish(value) {
      if (value === current) return;
      current = value;
      const woken = [...waiting];
      waiting.clear();
      for (const wake of woken) wake(value);
    },
  };
}
