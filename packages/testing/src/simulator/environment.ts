import type { AppOptions, ServiceType } from "@rollcall/app";
import type { FakeClock } from "../clock/fake-clock.js";
import type { MemoryNetwork } from "../network/network.js";
import type { Faults } from "../faults/faults.js";
import type { EventLog } from "./event-log.js";
import type { Ledger } from "./ledger.js";
import type { View } from "./observed-transport.js";
import type { Chance } from "./random.js";
import type { SimRegistry } from "./registry/sim-registry.js";
import type { ProcessInfo, Seams } from "./seams.js";

type Bind = NonNullable<AppOptions["bind"]>;

/** The simulated processes that serve. */
export interface ServerOptions {
  readonly services: readonly ServiceType[];
  /** Of the app; its instances are `<name>-1` and so on. Default `server`. */
  readonly name?: string | undefined;
  /** Default `1.0.0`. */
  readonly version?: string | undefined;
  /** Binds what services inject, for each process anew. Services that wait must do so on `process.clock`. */
  readonly bind?: ((container: Parameters<Bind>[0], process: ProcessInfo) => void) | undefined;
  /** As of an app; default 30 000. */
  readonly gracePeriodMs?: number | undefined;
  /** As of an app; default 500. */
  readonly propagationDelayMs?: number | undefined;
}

/** What the processes of a simulation share. */
export interface Environment {
  readonly clock: FakeClock;
  readonly random: Chance;
  readonly network: MemoryNetwork;
  readonly registry: SimRegistry;
  readonly log: EventLog;
  readonly ledger: Ledger;
  readonly seams: Seams;
  /** Whether services under test call services: then a caller may wait for more than the instance it called. */
  nested: boolean;
  /** Faults that were asked for, and when. */
  readonly injected: { readonly atMs: number; readonly method: string }[];
  readonly faults: Faults;
  /** Of the callers. */
  readonly views: View[];
  /** Writes down that a rule was broken. */
  violated(text: string): void;
}

/** Nothing of a simulated app is for the terminal, or comes from this machine's environment. */
export const apart = { logLevel: "silent", logFormat: "json", env: {} } as const;
