import type { Code } from "@rollcall/core";
import { EtcdError } from "./errors.js";

interface Failure {
  readonly code: Code;
  readonly method: string | undefined;
  /** Whether the call runs all the same. */
  readonly ran: boolean;
  left: number;
}

/** What tests have asked to go wrong. */
export class Faults {
  /** How long watch events are held back. */
  lagMs = 0;
  readonly #failures: Failure[] = [];

  /** The next `times` unary calls, of `method` only when given, answer with `code`, before or after they ran. */
  failNext(code: Code, times: number, method: string | undefined, ran: boolean): void {
    this.#failures.push({ code, method, ran, left: times });
  }

  /** Throws when this call of `method` has to fail; to be asked before it runs and after. */
  check(method: string, ran: boolean): void {
    const failure = this.#failures.find(
      (each) => each.left > 0 && each.ran === ran && (each.method ?? method) === method,
    );
    if (!failure) return;
    failure.left--;
    throw new EtcdError(failure.code, `injected failure of ${method}`);
  }
}
