import { replay } from "@rollcall/testing/simulator";
import { ordersFleet } from "./orders.js";

/** A run with something of everything. */
export async function ordersLog(seed: number): Promise<string> {
  const { log } = await replay({
    ...ordersFleet,
    seed,
    steps: [
      { afterMs: 500, do: "rollingRestart" },
      { afterMs: 700, do: "kill", instance: 1, downMs: 400 },
      { afterMs: 900, do: "hang", instance: 2, ms: 1_500 },
      { afterMs: 300, do: "outage", ms: 1_200 },
      { afterMs: 1_500, do: "wipe" },
      { afterMs: 100, do: "scale", to: 4 },
    ],
  });
  return log.join("\n");
}
