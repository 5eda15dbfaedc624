import type { RegistryBackend } from "@rollcall/app";

/** A registry backend that does what another one does, for a planted bug to replace parts of it. */
export function delegate(backend: RegistryBackend): RegistryBackend {
  return {
    description: backend.description,
    rollouts: backend.rollouts,
    ready: (signal) => backend.ready(signal),
    register: (all, signal) => backend.register(all, signal),
    open: (service) => backend.open(service),
    list: (service, signal) => backend.list(service, signal),
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  };
}
