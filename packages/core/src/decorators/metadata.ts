import "reflect-metadata";
import type { ServiceContract } from "../contract/contract.js";

/** What `@Method` may say of a method. */
export interface MethodOptions {
  /** The longest its calls may take, in milliseconds; a caller's earlier deadline holds all the same. Default: none. */
  readonly timeoutMs?: number | undefined;
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
