import { fileURLToPath } from "node:url";
import { FleetProcess } from "@rollcall/testing/fleet";
import { typeScript } from "../programs.js";

const script = fileURLToPath(new URL("service-process.ts", import.meta.url));

/** Starts service-process.ts from its sources, and waits until it is registered. */
export async function startServiceProcess(
  registry: string,
  env: Readonly<Record<string, string>> = {},
): Promise<FleetProcess> {
  const service = await FleetProcess.start(
    {
      args: [...typeScript, script],
      env: {
        ROLLCALL_REGISTRY: registry,
        ROLLCALL_LOG_FORMAT: "json",
        // A machine that is busy with other tests makes every process late; what is shed then is not what we look for.
        ROLLCALL_SERVER_MAX_EVENT_LOOP_LAG_MS: "0",
        ...env,
      },
    },
    { name: "interop" },
  );
  try {
    await service.untilServing(15_000);
    return service;
  } catch (error) {
    await service.kill();
    throw error;
  }
}
