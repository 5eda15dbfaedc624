import { Code, methodName, RpcError, type Interceptor, type RegistryBackend } from "@rollcall/core";
import { shortName } from "./fakes.js";

/**
 * Fails calls to services that the test neither serves nor fakes, by name and at once: a call would wait for an instance
 * until its deadline.
 */
export function failAbsent(isPresent: (service: string) => boolean): Interceptor {
  return (next) => async (call) => {
    const path = methodName(call.method);
    const [service = "", method = ""] = path.split("/");
    if (isPresent(service)) return next(call);
    const name = method.charAt(0).toLowerCase() + method.slice(1);
    const reason = `${path} was called but ${service} is neither served nor faked: add .fake(${shortName(service)}, { ${name} })`;
    // As an answer of the service that is not there: a handler between it and the test relays the words.
    throw new RpcError(Code.Unimplemented, reason, { path, origin: "remote", processed: "no" });
  };
}

/**
 * The registry with a record for every absent service that somebody looks for, so that a start does not wait for clients
 * that are `required`.
 */
export function withAbsent(
  registry: RegistryBackend,
  isPresent: (service: string) => boolean,
  address: () => string,
): RegistryBackend {
  const noted = new Set<string>();
  return {
    ...registry,
    open(service) {
      if (!isPresent(service) && !noted.has(service)) {
        noted.add(service);
        const instance = {
          id: "absent",
          incarnation: "1-absent",
          app: "absent",
          service,
          address: address(),
          version: "0",
          track: "stable",
          zone: "",
          weight: 100,
          state: "up",
          features: [],
          labels: {},
        } as const;
        registry.register([instance], new AbortController().signal);
      }
      return registry.open(service);
    },
  };
}
