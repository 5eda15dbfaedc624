import type { Code } from "@rollcall/core";
import { EtcdError } from "./errors.js";

/** What tests have asked to go wrong. */
export class Faults {
  /** How long watch events are held back. */
  lagMs = 0;
  readonly #failures: { readonly code: Code; readonly method: string | undefined; left: number }[] = [];

  /** The next `times` unary calls, of `method` only when given, answer with `code`. */
  failNext(code: Code, times: number, method: string | undefined): void {
    this.#failures.push({ code, method, left: times });
  }

  /** Throws when this call of `method` has to fail. */
  check(method: string): void {
    const failure = this.#failures.find(({ method: only, left }) => left > 0 && (only ?? method) === method);
    if (!failure) return;
    failure.left--;
    throw new EtcdError(failure.code, `injected failure of ${method}`);
  }
}
