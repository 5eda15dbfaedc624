import { ConfigError, type ListedInstance, type RolloutPolicy, type StoredPolicy } from "@rollcall/core";
import { ExitCode, ExitError } from "../exit-code.js";
import type { RegistryAccess } from "../registry-access.js";
import { isFullName, resolveServices } from "../service-names.js";

/** A service with what the registry holds for it. */
export interface ServiceState {
  readonly service: string;
  readonly stored: StoredPolicy;
  readonly instances: readonly ListedInstance[];
}

/** The services that a name stands for, or all that have instances. A full name may also be one that has only a document. */
export async function readServices(
  registry: RegistryAccess,
  name: string | undefined,
): Promise<readonly ServiceState[]> {
  const listed = await registry.list();
  const services =
    name === undefined
      ? [...new Set(listed.map(({ instance }) => instance.service))]
      : await resolve(registry, name, listed);
  return Promise.all(
    services.map(async (service) => ({
      service,
      stored: await readStored(registry, service),
      instances: listed.filter(({ instance }) => instance.service === service),
    })),
  );
}

/** Registries that hold no policies can be looked at all the same. */
async function readStored(registry: RegistryAccess, service: string): Promise<StoredPolicy> {
  if (!registry.hasPolicies) return { service, revision: 0, policy: undefined };
  return registry.ask((store, signal) => store.read(service, signal));
}

async function resolve(
  registry: RegistryAccess,
  name: string,
  listed: readonly ListedInstance[],
): Promise<readonly string[]> {
  try {
    return resolveServices(name, listed);
  } catch (error) {
    if (!(error instanceof ConfigError) || !isFullName(name) || !registry.hasPolicies) throw error;
    const { revision } = await registry.ask((store, signal) => store.read(name, signal));
    const past = await registry.ask((store, signal) => store.history(name, signal));
    if (revision > 0 || past.length > 0) return [name];
    throw error;
  }
}

/** What a change starts from. */
export interface Base {
  /** Undefined for a service that has never had a policy. */
  readonly policy: RolloutPolicy | undefined;
  /** The document is gone; `policy` is the last one of the log. */
  readonly lost: boolean;
}

/**
 * The policy that a change of a service starts from. Callers keep the last policy when its document is lost, so a change
 * starts from that one too.
 * @throws ExitError when what is stored is not a policy: overwriting it could hide what somebody meant
 */
export async function basePolicy(registry: RegistryAccess, { service, stored }: ServiceState): Promise<Base> {
  if (stored.fault !== undefined)
    throw new ExitError(
      ExitCode.failed,
      `what is stored for ${service} is not a policy: ${stored.fault}; ` +
        `correct or delete the key rollout/${service} (callers keep the last good policy until then)`,
    );
  if (stored.policy) return { policy: stored.policy, lost: false };
  const [last] = await registry.ask((store, signal) => store.history(service, signal));
  return { policy: last, lost: last !== undefined };
}

/**
 * The version that is stable for a service without a policy: the one that gets calls now.
 * @throws ConfigError when that is not one version
 */
export function stableVersion({ service, instances }: ServiceState, given: string | undefined): string {
  if (given !== undefined) return given;
  const serving = instances.filter(({ instance }) => instance.weight > 0 && instance.version !== "");
  const versions = [...new Set(serving.map(({ instance }) => instance.version))].toSorted();
  const [only] = versions;
  if (only !== undefined && versions.length === 1) return only;
  throw new ConfigError(
    versions.length === 0
      ? `${service} has no policy yet, and no instance with a weight above 0 to take its stable version from; give --stable <version>`
      : `${service} has no policy yet, and instances of ${versions.join(", ")} get calls; say which is stable with --stable <version>`,
  );
}
