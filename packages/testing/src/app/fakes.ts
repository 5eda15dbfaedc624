import {
  Code,
  ConfigError,
  methodName,
  RpcError,
  Service,
  type Handlers,
  type MethodContract,
  type ServerCallContext,
  type ServiceContract,
} from "@rollcall/core";
import type { ServiceType } from "@rollcall/app";

/** Some of a service's methods, typed as its class would have them. */
export type Fake<S> = Partial<Handlers<S>>;

type AnyFake = Readonly<Record<string, ((request: unknown, ctx: ServerCallContext) => unknown) | undefined>>;

/** The services that a test stands in for. */
export class Fakes {
  readonly #faked = new Map<string, { readonly contract: ServiceContract<any>; readonly fakes: AnyFake[] }>();

  get names(): readonly string[] {
    return [...this.#faked.keys()];
  }

  has(contract: ServiceContract<any>): boolean {
    return this.#faked.has(contract.name);
  }

  /** Adds a fake; of several for one contract the newest that has a method answers. */
  add<S>(contract: ServiceContract<S>, fake: Fake<S>): void {
    checkFake(contract, fake);
    const present = this.#faked.get(contract.name);
    if (present) present.fakes.push(fake as AnyFake);
    else this.#faked.set(contract.name, { contract, fakes: [fake as AnyFake] });
  }

  /** Classes that serve the fakes as an app serves its own. */
  services(): ServiceType[] {
    return [...this.#faked.values()].map(({ contract, fakes }) => serviceOf(contract, fakes));
  }
}

/** `Billing` of `billing.v1.Billing`: the name its contract usually goes by in code. */
export function shortName(service: string): string {
  return service.slice(service.lastIndexOf(".") + 1);
}

function checkFake(contract: ServiceContract<any>, fake: object): void {
  if (typeof contract?.methods !== "object")
    throw new ConfigError(
      "fake: the first argument is not a contract; pass the value that rollcall generate wrote",
    );
  for (const [name, method] of Object.entries(fake)) {
    if (!Object.hasOwn(contract.methods, name))
      throw new ConfigError(
        `.fake(${shortName(contract.name)}, ...): ${contract.name} has no method ${name}`,
      );
    if (method !== undefined && typeof method !== "function")
      throw new ConfigError(
        `.fake(${shortName(contract.name)}, ...): ${name} is a ${typeof method}, not a function`,
      );
  }
}

function serviceOf(contract: ServiceContract<any>, fakes: readonly AnyFake[]): ServiceType {
  class FakeService {}
  for (const [name, method] of Object.entries<MethodContract>(contract.methods)) {
    const value = (request: unknown, ctx: ServerCallContext): unknown => {
      const fake = fakes.findLast((each) => typeof each[name] === "function");
      if (fake) return fake[name]?.(request, ctx);
      const path = methodName(method);
      const reason = `${path} was called but not faked: add ${name} to .fake(${shortName(contract.name)}, { ... })`;
      throw new RpcError(Code.Unimplemented, reason, { path });
    };
    Object.defineProperty(FakeService.prototype, name, { value });
  }
  Service(contract)(FakeService as never);
  return FakeService;
}
