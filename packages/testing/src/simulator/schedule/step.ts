import type { Simulation } from "../simulate.js";

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
  | { readonly do: "massDisappearance" };

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
  }
}
