import type { Clock, RegistryBackend } from "@rollcall/core";

const askEveryMs = 200;

/**
 * Resolves with the address of the instance that is registered under an id, for any service. Rejects when the signal
 * aborts; a registry that does not answer is asked again.
 */
export async function untilRegistered(
  registry: Pick<RegistryBackend, "list">,
  id: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<string> {
  for (;;) {
    const listed = await registry.list(undefined, signal).catch(() => []);
    const found = listed.find(({ instance }) => instance.id === id && instance.state === "up");
    if (found) return found.instance.address;
    await clock.sleep(askEveryMs, signal);
  }
}
