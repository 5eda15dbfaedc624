import { etcdBackends, type EtcdUnderTest } from "@rollcall/testing";
import type { FleetProcess } from "@rollcall/testing/fleet";
import { Orders } from "../../fixtures/gen/shop/v1/shop.js";
import { Caller, startCaller, type CallerOptions } from "./caller.js";
import { failed } from "./calls.js";
import type { RowContext } from "./context.js";
import { idOf, startServices, type Variables } from "./processes.js";

export interface SteadyStateOptions {
  readonly size?: number;
  readonly serviceEnv?: Variables;
  readonly caller?: CallerOptions;
  /** Of the registry records, in ms. */
  readonly ttlMs?: number;
}

/** What every fault of the matrix strikes: 3 instances, 200 calls/s with deadlines of 2 s, records that live 5 s. */
export interface SteadyState {
  readonly etcd: EtcdUnderTest;
  /** As services and callers get it. */
  readonly url: string;
  readonly services: FleetProcess[];
  readonly caller: Caller;
}

export const ttlMs = 5_000;

/** A real etcd where there is one, else the embedded one. */
export async function startEtcd(context: RowContext): Promise<EtcdUnderTest> {
  context.signal.throwIfAborted();
  return context.use(await etcdBackends().at(-1)!.start());
}

/** Resolves when calls have gone well for a while and every instance gets some. */
export async function steadyState(
  context: RowContext,
  options: SteadyStateOptions = {},
): Promise<SteadyState> {
  const etcd = await startEtcd(context);
  const url = `${etcd.url}?ttlMs=${options.ttlMs ?? ttlMs}`;
  const services = await startServices(context, url, options.size ?? 3, { env: options.serviceEnv ?? {} });
  const caller = await startCaller(context, url, options.caller);
  if (!options.caller?.idle) await untilSteady(context, caller, services.map(idOf));
  return { etcd, url, services, caller };
}

/** The last 200 calls were answered, and each instance answered some. */
export async function untilSteady(
  context: RowContext,
  caller: Caller,
  instances: readonly string[],
  withinMs = 30_000,
): Promise<number> {
  return await context.until("calls go well on all instances", withinMs, () => {
    const last = caller.calls.slice(-200);
    const used = new Set(last.map(({ picks }) => picks.at(-1)?.instance));
    return last.length === 200 && failed(last).length === 0 && instances.every((each) => used.has(each));
  });
}

/** The ids that the registry holds. */
export async function registered(etcd: EtcdUnderTest): Promise<string[]> {
  const prefix = keyOf("");
  return [...(await etcd.read(prefix)).keys()].map((key) => key.slice(prefix.length));
}

/** The registry's key of an instance. */
export function keyOf(id: string): string {
  return `services/${Orders.name}/${id}`;
}
