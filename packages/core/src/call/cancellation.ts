import type { RpcError } from "../errors.js";

type Listener = (reason: RpcError) => void;

/**
 * The end of a call before its time: cancelled at most once. Cheaper than an AbortController, which is made only when
 * somebody reads `signal`.
 */
export class Cancellation {
  #reason: RpcError | undefined;
  #listeners: Set<Listener> | undefined;
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
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    return () => this.#listeners?.delete(listener);
  }

  cancel(reason: RpcError): void {
    if (this.#reason) return;
    this.#reason = reason;
    // Removals while they are being called still count, so the set stays in place.
    for (const listener of this.#listeners ?? []) {
      try {
        listener(reason);
      } catch (error) {
        // Handlers listen too: one that throws must not keep the others from hearing of it. As with an AbortSignal.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
    this.#listeners = undefined;
    this.#controller?.abort(reason);
  }
}
