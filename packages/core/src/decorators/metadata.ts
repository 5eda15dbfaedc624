import "reflect-metadata";
import type { ServiceContract } from "../contract/contract.js";

/** How often a method may be called, on each instance: a token bucket. */
export interface RateLimit {
  /** Calls per second over time, above 0. */
  readonly perSecond: number;
  /** Calls at once after a pause, a whole number from 1. Default: those of a second, at least 1. */
  readonly burst?: number | undefined;
}

/** What `@Method` may say of a method. */
export interface MethodOptions {
  /** The longest its calls may take, in milliseconds; a caller's earlier deadline holds all the same. Default: none. */
  readonly timeoutMs?: number | undefined;
  /** Calls above it get RESOURCE_EXHAUSTED with the time to wait, before the method runs. Default: none. */
  readonly rateLimit?: RateLimit | undefined;
}

const serviceKey = Symbol("rollcall:service");
const methodsKey = Symbol("rollcall:methods");

export function setContract(target: object, contract: ServiceContract<any>): void {
  Reflect.defineMetadata(serviceKey, contract, target);
}

/** The contract that a class serves by its `@Service`, if it has one. */
export function contractOf(target: object): ServiceContract<any> | undefined {
  return Reflect.getMetadata(serviceKey, target) as ServiceContract<any> | undefined;
}

export function setMethodOptions(prototype: object, name: string, options: MethodOptions): void {
  Reflect.defineMetadata(methodsKey, { ...methodOptionsOf(prototype), [name]: options }, prototype);
}

/** What a class says of its methods by `@Method`, by their names. */
export function methodOptionsOf(prototype: object): Readonly<Record<string, MethodOptions>> {
  return (Reflect.getMetadata(methodsKey, prototype) ?? {}) as Readonly<Record<string, MethodOptions>>;
}
