import { unlessAborted, type Lifecycle } from "@rollcall/core";
import type { ClientPool } from "../client-pool.js";

/** What calls that outlive the server's drain get before their connections close. */
const closeGraceMs = 1_000;

/** The clients. Starting waits for a peer only where a client is `required`: A and B may call each other. */
export function clientsPart(clients: ClientPool): Lifecycle {
  return {
    name: "clients",
    start: (signal) => clients.ready(signal),
    async stop(signal) {
      await unlessAborted(clients.close(signal.aborted ? 0 : closeGraceMs), signal);
    },
  };
}
