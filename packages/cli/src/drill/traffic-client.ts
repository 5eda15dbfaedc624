import { createClient, type CreateClientOptions } from "@rollcall/app";
import type { CallOptions } from "@rollcall/core";
import type { DescribedService } from "../contract/contract-source.js";
import type { TrafficCall } from "./traffic.js";

/** Makes the calls of a drill. Disposing closes its connections. */
export interface TrafficClient extends AsyncDisposable {
  unary(call: TrafficCall, options?: CallOptions): Promise<unknown>;
  stream(call: TrafficCall, options?: CallOptions): AsyncIterable<unknown>;
}

/** @param services by full name: at least those that are called */
export function createTrafficClient(
  services: ReadonlyMap<string, DescribedService>,
  options: CreateClientOptions,
): TrafficClient {
  const clients = new Map(
    Array.from(services, ([name, { contract }]) => [name, createClient(contract, options)] as const),
  );
  const messages = new Map<TrafficCall, object>();
  const send = (call: TrafficCall, callOptions: CallOptions = {}): unknown => {
    const method = services.get(call.service)!.method(call.method);
    let message = messages.get(call);
    if (!message) messages.set(call, (message = method.request.fromJson(call.request)));
    const make = clients.get(call.service)![method.key] as (one: object, options: CallOptions) => unknown;
    return make(message, callOptions);
  };
  return {
    unary: (call, callOptions) => send(call, callOptions) as Promise<unknown>,
    stream: (call, callOptions) => send(call, callOptions) as AsyncIterable<unknown>,
    async [Symbol.asyncDispose]() {
      await Promise.all(Array.from(clients.values(), (client) => client[Symbol.asyncDispose]()));
    },
  };
}
