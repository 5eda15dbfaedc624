import type { RpcError } from "../errors.js";

type Listener = (reason: RpcError) => void;

/** A listener among the others, in the order in which they came. */
interface Entry {
  /** Undefined once it is removed. */
  listener: Listener | undefined;
  previous: Entry | undefined;
  next: Entry | undefined;
}

/**
 * The end of a call before its time: cancelled at most once. Cheaper than an AbortController, which is made only when
 * somebody reads `signal`. Its listeners are a list: a set costs a call several times as much.
 */
export class Cancellation {
  #reason: RpcError | undefined;
  #first: Entry | undefined;
  #last: Entry | undefined;
  #controller: AbortController | undefined;

  get reason(): RpcError | undefined {
    return this.#reason;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Called once with the reason, at once when it is already there. Returns the listener's removal. */
  onCancel(listener: Listener): () => void {
    if (this.#reason) {
      listener(this.#reason);
      return () => {};
    }
    const entry: Entry = { listener, previous: this.#last, next: undefined };
    if (this.#last) this.#last.next = entry;
    else this.#first = entry;
    this.#last = entry;
    return () => this.#remove(entry);
  }

  cancel(reason: RpcError): void {
    if (this.#reason) return;
    this.#reason = reason;
    for (let entry = this.#first; entry; entry = entry.next) {
      try {
        entry.listener?.(reason);
      } catch (error) {
        // Handlers listen too: one that throws must not keep the others from hearing of it. As with an AbortSignal.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
    this.#first = undefined;
    this.#last = undefined;
    this.#controller?.abort(reason);
  }

  /** Also while they are told: an entry that is removed still leads to those behind it. */
  #remove(entry: Entry): void {
    if (!entry.listener) return;
    entry.listener = undefined;
    const { previous, next } = entry;
    if (previous) previous.next = next;
    else if (this.#first === entry) this.#first = next;
    if (next) next.previous = previous;
    else if (this.#last === entry) this.#last = previous;
  }
}
