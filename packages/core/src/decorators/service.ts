import { injectable, injectFromBase } from "inversify";
import type { ServiceContract } from "../contract/contract.js";
import type { Handlers } from "../contract/shapes.js";
import { ConfigError } from "../errors.js";
import { Client } from "./client.js";
import { setContract } from "./metadata.js";

/** A class whose instances serve the contract `S`. */
export type ServiceClass<S> = new (...args: any[]) => Handlers<S>;

declare const typo: unique symbol;

/** Appears in compiler errors only: a handler returns a field that its message does not have. */
export interface UnknownField<Method, Field> {
  readonly [typo]: [Method, Field];
}

/** What a handler gives for each message it sends. */
type Sent<H> = H extends (...args: any[]) => infer R
  ? R extends Promise<infer M>
    ? M
    : R extends AsyncIterable<infer M>
      ? M
      : never
  : never;

type KeysOf<M> = M extends unknown ? keyof M : never;

/** The fields a handler's inferred result has beyond its message; the loader would drop them without a word. */
type Excess<Actual, Expected> = Exclude<KeysOf<Actual>, KeysOf<Expected>>;

type FirstExcess<S, I> = {
  [M in keyof S & keyof I]: Excess<Sent<I[M]>, Sent<Handlers<S>[M]>> extends infer F
    ? [F] extends [never]
      ? never
      : UnknownField<M, F>
    : never;
}[keyof S & keyof I];

/** `void` for a class that fits; else the error that the compiler prints. */
export type ServiceCheck<S, C> = C extends new (...args: any[]) => infer I
  ? [FirstExcess<S, I>] extends [never]
    ? void
    : FirstExcess<S, I>
  : never;

/**
 * Declares that a class serves a contract. A class that misses a method, or has one of a wrong type, does not compile.
 * The class is injectable: do not add `@injectable`.
 * Throws a `ConfigError` for a client parameter without `@Client(...)`.
 */
export function Service<S>(
  contract: ServiceContract<S>,
): <C extends ServiceClass<S>>(target: C) => ServiceCheck<S, C> {
  return (target) => {
    assertClientsDeclared(target);
    injectable()(target);
    // Otherwise a class that leaves the constructor to its base gets undefined for everything injected there.
    if (inheritsConstructor(target)) injectFromBase({ extendConstructorArguments: true })(target);
    setContract(target, contract);
    return undefined as never;
  };
}

/** Types that stand for something else: no class of theirs can be built and injected. */
const notInjectable: ReadonlySet<unknown> = new Set([
  Client,
  Object,
  String,
  Number,
  Boolean,
  BigInt,
  Symbol,
  Array,
  Function,
  Promise,
]);

/** A forgotten `@Client` compiles: the parameter's type is then `Object`, or, by other compilers, the `Client` function. */
function assertClientsDeclared(target: object & { readonly name: string }): void {
  const types = (Reflect.getOwnMetadata("design:paramtypes", target) ?? []) as unknown[];
  const injected = injectedParameters(target);
  for (const [index, type] of types.entries()) {
    if ((type === undefined || notInjectable.has(type)) && !injected.has(index)) {
      throw new ConfigError(
        `${target.name}: constructor parameter ${index} has no class to inject; add @Client(Contract) for a client, or @inject(...) for something else`,
      );
    }
  }
}

/** Compilers note parameter types only on a class that has a constructor of its own. */
function inheritsConstructor(target: object): boolean {
  return (
    !Reflect.hasOwnMetadata("design:paramtypes", target) && Reflect.hasMetadata("design:paramtypes", target)
  );
}

/** Indices of the parameters that carry an `@inject` of some kind, as inversify notes them on the class. */
function injectedParameters(target: object): ReadonlySet<number> {
  const injected = new Set<number>();
  for (const key of Reflect.getOwnMetadataKeys(target)) {
    const { constructorArguments } = (Reflect.getOwnMetadata(key, target) ?? {}) as {
      constructorArguments?: unknown;
    };
    if (Array.isArray(constructorArguments)) constructorArguments.forEach((_, index) => injected.add(index));
  }
  return injected;
}
