import {
  clientRequests,
  ConfigError,
  contractOf,
  methodOptionsOf,
  type BoundService,
  type MethodOptions,
} from "@rollcall/core";
import { Container } from "inversify";
import type { ClientPool } from "./client-pool.js";

/** A class with `@Service(contract)`. */
export type ServiceType = new (...args: any[]) => object;

export interface ContainerEnv {
  readonly clients: ClientPool;
  /** Binds what the services inject beside clients and plain classes. */
  readonly bind?: ((container: Container) => void) | undefined;
}

/** The container of an app. Classes bind themselves, as singletons; clients are made when something injects them. */
export function createContainer(env: ContainerEnv): Container {
  const container = new Container({ autobind: true, defaultScope: "Singleton" });
  for (const { token, contract, options } of clientRequests()) {
    container
      .bind(token)
      .toDynamicValue(() => env.clients.client(contract, options))
      .inSingletonScope();
  }
  env.bind?.(container);
  return container;
}

/** Builds the services and checks that each serves one contract, and no two the same. */
export async function buildServices(
  container: Container,
  types: readonly ServiceType[],
): Promise<BoundService[]> {
  const services: BoundService[] = [];
  for (const [index, type] of types.entries()) {
    if (typeof type !== "function") {
      throw new ConfigError(
        `services[${index}] is ${type === null ? "null" : typeof type}, not a class; if it is one, modules may import each other in a circle`,
      );
    }
    const contract = contractOf(type);
    if (!contract)
      throw new ConfigError(`${type.name} serves no contract: decorate it with @Service(Contract)`);
    const twin = services.find((each) => each.contract.name === contract.name);
    if (twin)
      throw new ConfigError(
        `${type.name} and ${twin.implementation.constructor.name} both serve ${contract.name}: remove one of them from services`,
      );
    services.push({ contract, implementation: await container.getAsync<object>(type) });
  }
  return services;
}

/** What `@Method` says of methods, by gRPC path. */
export function methodOptions(services: readonly BoundService[]): ReadonlyMap<string, MethodOptions> {
  const byPath = new Map<string, MethodOptions>();
  for (const { contract, implementation } of services) {
    for (const [name, options] of Object.entries(methodOptionsOf(implementation))) {
      const method = (contract.methods as Record<string, { path: string }>)[name];
      if (!method)
        throw new ConfigError(
          `${implementation.constructor.name}.${name} has @Method, but ${contract.name} has no such method`,
        );
      byPath.set(method.path, options);
    }
  }
  return byPath;
}
