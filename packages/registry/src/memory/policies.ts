import type { PolicyChange, RolloutPolicy, StoredPolicy } from "@rollcall/core";
import { decodePolicy, encodePolicy } from "../policy.js";

interface Document {
  readonly policy: RolloutPolicy;
  readonly revision: number;
}

/** The policies in this process, with every one that was in force. */
export class Policies {
  readonly #documents = new Map<string, Document>();
  readonly #log = new Map<string, Map<number, RolloutPolicy>>();

  stored(service: string): StoredPolicy {
    const document = this.#documents.get(service);
    return { service, revision: document?.revision ?? 0, policy: document?.policy };
  }

  /** Puts all in one revision. They are kept as copies, so that who gave them cannot change them any more. */
  put(changes: readonly PolicyChange[], revision: number): void {
    for (const { service, policy } of changes) {
      const copy = copyOf(policy);
      this.#documents.set(service, { policy: copy, revision });
      const log = this.#log.get(service) ?? new Map<number, RolloutPolicy>();
      this.#log.set(service, log.set(copy.gen, copy));
    }
  }

  /** Newest first. */
  history(service: string): readonly RolloutPolicy[] {
    return [...(this.#log.get(service)?.values() ?? [])].toSorted((a, b) => b.gen - a.gen);
  }
}

function copyOf(policy: RolloutPolicy): RolloutPolicy {
  const decoded = decodePolicy(Buffer.from(encodePolicy(policy)));
  if ("rejected" in decoded) throw new Error(`policy cannot be read back: it ${decoded.rejected}`);
  return decoded.policy;
}
