import { randomUUID } from "node:crypto";
import { type EtcdError, refusal } from "./errors.js";

/** Passwords by name and the tokens given out; every user may do everything. Without users nobody is asked. */
export class Users {
  readonly #passwords: ReadonlyMap<string, string>;
  readonly #tokens = new Set<string>();

  constructor(passwords: Readonly<Record<string, string>>) {
    this.#passwords = new Map(Object.entries(passwords));
  }

  authenticate(name: string, password: string): string {
    if (this.#passwords.size === 0) throw refusal("authNotEnabled");
    if (this.#passwords.get(name) !== password) throw refusal("authFailed");
    const token = randomUUID();
    this.#tokens.add(token);
    return token;
  }

  /** Why a call with this token may not go on, if so. */
  refusal(token: string | undefined): EtcdError | undefined {
    if (this.#passwords.size === 0) return undefined;
    if (token === undefined) return refusal("userEmpty");
    return this.#tokens.has(token) ? undefined : refusal("invalidAuthToken");
  }

  /** Every token given out so far is worth nothing any more. */
  expireTokens(): void {
    this.#tokens.clear();
  }
}
