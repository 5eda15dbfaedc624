import { LinkedList } from "../collections/linked-list.js";
import type { RpcError } from "../errors.js";

type Listener = (reason: RpcError) => void;

/**
 * The end of a call before its time: cancelled at most once. Cheaper than an AbortController, which is made only when
 * somebody reads `signal`.
 */
export class Cancellation {
  readonly #listeners = new LinkedList<Listener>();
  #reason: RpcError | undefined;
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
    const link = this.#listeners.add(listener);
    return () => this.#listeners.remove(link);
  }

  cancel(reason: RpcError): void {
    if (this.#reason) return;
    this.#reason = reason;
    // One by one: those that one of them removes are not called.
    for (let link = this.#listeners.shift(); link; link = this.#listeners.shift()) {
      try {
        link.value(reason);
      } catch (error) {
        // Handlers listen too: one that throws must not keep the others from hearing of it. As with an AbortSignal.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
    this.#controller?.abort(reason);
  }
}
