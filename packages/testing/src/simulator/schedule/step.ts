import { ConfigError, type Code } from "@rollcall/core";
import type { SimulatedCanary } from "../canary/canary.js";
import type { Simulation } from "../simulate.js";

/** A new version and its rollout; sick when `failPercent` or `delayMs` is above 0. */
export interface CanaryDeed {
  readonly do: "canary";
  readonly instances: number;
  readonly steps: readonly number[];
  readonly intervalMs: number;
  readonly minSamples: number;
  /** Percent of its calls that it fails. */
  readonly failPercent: number;
  /** With what it fails them. */
  readonly code: Code;
  /** How much longer its calls take; the latency is compared then. */
  readonly delayMs: number;
}

/** What is done to a fleet or its registry. `instance` counts from 0, around the instances that there are. */
export type Deed =
  | { readonly do: "rollingRestart" }
  | { readonly do: "restart"; readonly instance: number }
  | { readonly do: "kill"; readonly instance: number; readonly downMs: number }
  | { readonly do: "hang"; readonly instance: number; readonly ms: number }
  | { readonly do: "restartAll" }
  | { readonly do: "scale"; readonly to: number }
  | { readonly do: "outage"; readonly ms: number }
  | { readonly do: "lag"; readonly ms: number; readonly forMs: number }
  | { readonly do: "loseLease"; readonly instance: number }
  | { readonly do: "wipe" }
  | { readonly do: "massDisappearance" }
  | { readonly do: "disturb"; readonly ms: number; readonly lostPercent: number; readonly slowMs: number }
  | CanaryDeed
  | { readonly do: "pause" }
  | { readonly do: "resume" }
  | { readonly do: "abort" }
  | { readonly do: "promote" }
  | { readonly do: "retire" };

/** A deed, so long after the one before was begun: it need not be done by then. */
export type Step = { readonly afterMs: number } & Deed;

/** Does what a step says; resolves when it is done. */
export async function perform(simulation: Simulation, deed: Deed): Promise<void> {
  const { fleet, registry } = simulation;
  const chosen = (instance: number): number => instance % fleet.size;
  switch (deed.do) {
    case "rollingRestart":
      return fleet.rollingRestart();
    case "restart":
      return fleet.restart(chosen(deed.instance));
    case "kill": {
      const instance = chosen(deed.instance);
      fleet.kill(instance);
      await simulation.run(deed.downMs);
      return instance < fleet.size ? fleet.start(instance) : undefined;
    }
    case "hang":
      return fleet.hang(chosen(deed.instance), deed.ms);
    case "restartAll":
      return fleet.restartAll();
    case "scale":
      return fleet.scale(deed.to);
    case "outage":
      return registry.outage(deed.ms);
    case "lag":
      return registry.lag(deed.ms, deed.forMs);
    case "loseLease":
      return registry.loseLease(fleet.slots[chosen(deed.instance)]?.name ?? "");
    case "wipe":
      return registry.wipe();
    case "massDisappearance":
      return registry.massDisappearance();
    case "disturb":
      return registry.disturb(deed.ms, { lost: deed.lostPercent / 100, slowMs: deed.slowMs });
    case "canary":
      return release(simulation, deed);
    case "pause":
    case "resume":
    case "abort":
    case "promote":
      return operate(simulation, deed.do);
    case "retire":
      return retire(simulation);
  }
}

/** How much slower a slow canary may be. */
const maxP99Ratio = 3;

async function release({ fleet }: Simulation, deed: CanaryDeed): Promise<void> {
  if (fleet.canaries.some(({ isActive, startedMs }) => isActive || startedMs === Infinity)) return;
  const { instances, steps, intervalMs, minSamples, failPercent, code, delayMs } = deed;
  const sick = { failureRate: failPercent / 100, code, delayMs };
  const latency = delayMs > 0 ? { maxP99Ratio } : {};
  await ifAllowed(fleet.canary({ instances, steps, intervalMs, minSamples, sick, ...latency }));
}

async function operate({ fleet }: Simulation, verb: "pause" | "resume" | "abort" | "promote"): Promise<void> {
  const canary = fleet.canaries.at(-1);
  if (canary?.isActive) await ifAllowed(canary[verb]());
}

/** The version that the last rollout has left without calls. */
async function retire({ fleet }: Simulation): Promise<void> {
  const canary = fleet.canaries.at(-1);
  const superfluous = canary && superfluousAfter(canary);
  if (superfluous !== undefined) await ifAllowed(fleet.retire(superfluous));
}

function superfluousAfter({ outcome, from, version }: SimulatedCanary): string | undefined {
  if (outcome?.state === "promoted") return from;
  return outcome?.state === "aborted" ? version : undefined;
}

/** An operator may be told that it is too late for that. */
async function ifAllowed(done: Promise<unknown>): Promise<void> {
  await done.catch((error: unknown) => {
    if (!(error instanceof ConfigError || error instanceof RangeError)) throw error;
  });
}
