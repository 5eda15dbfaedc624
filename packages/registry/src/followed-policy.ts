import { decodePolicy } from "./policy.js";
import type { PolicyView } from "./snapshot.js";

/** What a watcher makes of a service's document as it changes. */
export class FollowedPolicy {
  #view: PolicyView = { policy: undefined, lost: false };
  #value: Buffer | undefined;
  readonly #rejected: (value: Buffer, why: string) => void;

  /** @param rejected hears of a value that is not a policy, each time it is read */
  constructor(rejected: (value: Buffer, why: string) => void) {
    this.#rejected = rejected;
  }

  /** The last good policy. */
  get view(): PolicyView {
    return this.#view;
  }

  /**
   * Takes what the registry holds now; undefined for nothing. True when the view has changed. A value that is not a
   * policy changes nothing; one that is missing leaves the last good one, as lost; an unchanged one keeps its object.
   */
  update(value: Buffer | undefined): boolean {
    const { policy, lost } = this.#view;
    if (value === undefined) {
      if (!policy || lost) return false;
      this.#view = { policy, lost: true };
      return true;
    }
    if (policy && this.#value?.equals(value)) {
      if (lost) this.#view = { policy, lost: false };
      return lost;
    }
    const decoded = decodePolicy(value);
    if ("rejected" in decoded) {
      this.#rejected(value, decoded.rejected);
      return false;
    }
    this.#value = value;
    this.#view = { policy: decoded.policy, lost: false };
    return true;
  }
}
