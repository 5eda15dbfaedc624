/** What is known of the last call that was sent. */
export type Landing = "nothing was sent" | "answered" | "unknown";

/**
 * The call that is on its way. A signal ends only the wait for a call, so what must come after it has to wait for it too:
 * etcd may run two calls in either order when both are on their way.
 */
export class Flight {
  #last: Promise<Landing> = Promise.resolve("nothing was sent");

  /** Sends a call, which must have a deadline of its own. */
  send<T>(call: Promise<T>): Promise<T> {
    this.#last = call.then(
      () => "answered",
      () => "unknown",
    );
    return call;
  }

  /** Resolves when the last call is over. */
  landed(): Promise<Landing> {
    return this.#last;
  }
}
