import type { JsonValue } from "@bufbuild/protobuf";
import { ConfigError } from "@rollcall/core";
import { resolveTarget } from "../call/target.js";
import type { ContractSource, DescribedMethod } from "../contract/contract-source.js";

/** A call to make again and again, as the user wrote it. */
export interface DrillCall {
  readonly service: string;
  readonly method: string;
  readonly request: JsonValue;
}

/** A call to make, with its full names. */
export interface TrafficCall extends DrillCall {
  /** Whether it may run twice. */
  readonly idempotent: boolean;
}

/** What the caller of a drill does; as JSON on its way to the caller's process. */
export interface Traffic {
  readonly calls: readonly TrafficCall[];
  readonly streams: readonly TrafficCall[];
  /** How many streams are held open, over all of `streams`. */
  readonly streamCount: number;
}

export interface TrafficOptions {
  /** Default: all unary methods that may run twice, with empty requests. */
  readonly call?: readonly DrillCall[] | undefined;
  /** Default: all server-streaming methods, with empty requests. */
  readonly stream?: readonly DrillCall[] | undefined;
  /** How many streams are held open. Undefined: 10, if the service has any. */
  readonly streams?: number | undefined;
}

const defaultStreams = 10;

/**
 * `shop.v1.Orders/Get {"id":"1"}`; without JSON the request is empty.
 * @throws ConfigError
 */
export function parseDrillCall(text: string): DrillCall {
  const [, service, method, json = "{}"] = /^\s*([\w.]+)\/(\w+)(?:\s+(.+?))?\s*$/s.exec(text) ?? [];
  if (service === undefined || method === undefined)
    throw new ConfigError(
      `${JSON.stringify(text)} is not a call; write service/method and its request as JSON`,
    );
  try {
    return { service, method, request: JSON.parse(json) as JsonValue };
  } catch (error) {
    throw new ConfigError(`the request of ${service}/${method} is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** As `parseDrillCall` reads it. */
export function callText({ service, method, request }: DrillCall): string {
  return `${service}/${method} ${JSON.stringify(request)}`;
}

/**
 * What is called: what the user asked for, or what the services themselves say is safe.
 * @param services what the instances registered
 * @throws ConfigError when there is nothing to call, or a call is wrong
 */
export async function chooseTraffic(
  options: TrafficOptions,
  services: readonly string[],
  source: ContractSource,
): Promise<Traffic> {
  const given = (calls: readonly DrillCall[], kind: Kind): Promise<readonly TrafficCall[]> =>
    Promise.all(calls.map((call) => checked(call, kind, services, source)));
  const all = await methodsOf(services, source);
  const calls = options.call
    ? await given(options.call, "unary")
    : all.filter(({ contract }) => contract.kind === "unary" && contract.idempotent).map(emptyCall);
  if (calls.length === 0)
    throw new ConfigError(
      `no method of ${services.join(", ")} is marked as safe to repeat (option idempotency_level = NO_SIDE_EFFECTS ` +
        `or IDEMPOTENT); say what to call: --call 'service/method {"json":"request"}'`,
    );
  const streams = options.stream
    ? await given(options.stream, "server_streaming")
    : all.filter(({ contract }) => contract.kind === "server_streaming").map(emptyCall);
  if (streams.length === 0 && (options.streams ?? 0) > 0)
    throw new ConfigError(`${services.join(", ")} has no server-streaming method; leave out --streams`);
  return { calls, streams, streamCount: streams.length === 0 ? 0 : (options.streams ?? defaultStreams) };
}

type Kind = "unary" | "server_streaming";

async function methodsOf(
  services: readonly string[],
  source: ContractSource,
): Promise<readonly (DescribedMethod & { readonly service: string })[]> {
  // Protos need not have all that the instances serve.
  const known = await source.services();
  const described = await Promise.all(
    services.filter((name) => known.includes(name)).map((name) => source.service(name)),
  );
  return described.flatMap(({ name, methods }) => methods.map((method) => ({ ...method, service: name })));
}

function emptyCall({ service, name, contract }: DescribedMethod & { readonly service: string }): TrafficCall {
  return { service, method: name, request: {}, idempotent: contract.idempotent };
}

async function checked(
  call: DrillCall,
  kind: Kind,
  services: readonly string[],
  source: ContractSource,
): Promise<TrafficCall> {
  const { service } = resolveTarget(`${call.service}/${call.method}`, services, "the instances");
  const method = (await source.service(service)).method(call.method);
  if (method.contract.kind !== kind)
    throw new ConfigError(
      `${service}/${method.name} is ${method.contract.kind}; ` +
        (kind === "unary" ? "--call takes unary methods" : "--stream takes server-streaming methods"),
    );
  // What is wrong with the request shows here, not a thousand times a second.
  method.request.fromJson(call.request);
  return { ...call, service, method: method.name, idempotent: method.contract.idempotent };
}
