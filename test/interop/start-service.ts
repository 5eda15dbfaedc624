import { fileURLToPath } from "node:url";
import { FleetProcess } from "@rollcall/testing/fleet";

const script = fileURLToPath(new URL("service-process.ts", import.meta.url));

/** Starts service-process.ts from its sources, and waits until it is registered. */
export async function startServiceProcess(
  registry: string,
  env: Readonly<Record<string, string>> = {},
): Promise<FleetProcess> {
  const service = await FleetProcess.start(
    {
      args: ["--conditions=@rollcall/source", "--import", "@oxc-node/core/register", script],
      env: { ROLLCALL_REGISTRY: registry, ROLLCALL_LOG_FORMAT: "json", ...env },
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
