import { randomBytes } from "node:crypto";
import type { Clock } from "@rollcall/core";
import type { ResponseHeader } from "../messages.js";
import { Leases } from "./leases.js";
import { Store, type StoreEvent } from "./store.js";
import { Write } from "./write.js";

/** The one member of the cluster: its data, which survives a restart and ends with a wipe. */
export class Member {
  readonly store: Store = new Store();
  readonly leases: Leases;
  readonly clusterId: string = randomId();
  readonly memberId: string = randomId();
  raftTerm = 2;
  raftIndex = 4;
  readonly #observers = new Set<(events: readonly StoreEvent[]) => void>();

  constructor(clock: Clock) {
    this.leases = new Leases(clock, (keys) => {
      this.write((write) => {
        for (const key of keys) write.deleteRange({ key, end: undefined });
      });
    });
  }

  /** Runs `change` and commits what it wrote as one revision; when it throws, nothing is written. */
  write<T>(change: (write: Write) => T): T {
    const write = new Write(this.store);
    const result = change(write);
    this.raftIndex++;
    if (write.events.length > 0) {
      this.store.append(write.events);
      for (const move of write.leaseMoves) this.leases.move(move.key, move.from, move.to);
      for (const observe of this.#observers) observe(write.events);
    }
    return result;
  }

  /** Calls `observe` after every commit; returns how to stop that. */
  onCommit(observe: (events: readonly StoreEvent[]) => void): () => void {
    this.#observers.add(observe);
    return () => this.#observers.delete(observe);
  }

  header(revision: number = this.store.revision): ResponseHeader {
    return { cluster_id: this.clusterId, member_id: this.memberId, revision, raft_term: this.raftTerm };
  }
}

function randomId(): string {
  return String(randomBytes(8).readBigUInt64BE());
}
