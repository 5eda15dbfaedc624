import type { CliEnv } from "../cli-env.js";
import { useRegistry } from "../registry-access.js";

/** How long somebody who presses Tab waits for a registry. */
const patienceMs = 500;

/** The names of the services and apps in a registry; none when it does not answer at once. */
export async function registeredNames(
  registry: string | undefined,
  env: CliEnv,
): Promise<{ readonly services: readonly string[]; readonly apps: readonly string[] }> {
  try {
    const listed = await useRegistry({ registry, timeout: patienceMs }, env, { warn: () => {} }, ({ list }) =>
      list(),
    );
    const instances = listed.map(({ instance }) => instance);
    return {
      services: instances.map(({ service }) => service),
      apps: instances.map(({ app }) => app).filter(Boolean),
    };
  } catch {
    // Nobody reads errors in the middle of a command line.
    return { services: [], apps: [] };
  }
}
