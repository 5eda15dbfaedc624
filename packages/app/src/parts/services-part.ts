import { boundedSignal, unlessAborted, type BoundService, type Clock, type Lifecycle } from "@rollcall/core";
import type { Container } from "inversify";
import { buildServices, type ServiceType } from "../container.js";

export interface ServicesPart extends Lifecycle {
  readonly bound: readonly BoundService[];
}

/** `@preDestroy` methods of a service that hang must not hold up the exit. */
const destroyMs = 2_000;

/** The service objects and what they inject. Stopping runs their `@preDestroy` methods. */
export function servicesPart(
  container: Container,
  types: readonly ServiceType[],
  clock: Clock,
): ServicesPart {
  let bound: readonly BoundService[] = [];
  return {
    name: "services",
    get bound() {
      return bound;
    },
    async start() {
      bound = await buildServices(container, types);
      // The first call must not pay for the descriptors.
      for (const { contract } of bound) contract.file.codecs(contract.name);
    },
    async stop(signal) {
      const bounded = boundedSignal(clock, destroyMs, signal);
      try {
        await unlessAborted(container.unbindAllAsync(), bounded.signal);
      } finally {
        bounded.release();
      }
    },
  };
}
