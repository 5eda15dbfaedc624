import { fileURLToPath } from "node:url";
import { FleetProcess, type ProcessCommand } from "@rollcall/testing/fleet";
import { holdPort } from "../../../packages/testing/src/ports/held-port.js";
import type { Behaviour, ServiceCounts } from "../processes/messages.js";
import { isFaults } from "../processes/messages.js";
import type { RowContext } from "./context.js";
import { typeScript } from "../../programs.js";

export type Variables = Readonly<Record<string, string>>;

export interface StartOptions {
  readonly env?: Variables;
  /** The network namespace it runs in. Default: this process'. */
  readonly namespace?: string | undefined;
  readonly name?: string;
  /** In `processes/`. Default `service.ts`. */
  readonly script?: string;
}

/** How a script of `processes/` is run from its sources, in a namespace if need be. */
export function commandOf(script: string, env: Variables, namespace?: string): ProcessCommand {
  const path = fileURLToPath(new URL(`../processes/${script}`, import.meta.url));
  const args = [...typeScript, path];
  if (namespace === undefined) return { args, env };
  return { file: "ip", args: ["netns", "exec", namespace, process.execPath, ...args], env };
}

/** Starts a service process; does not wait until it serves. */
export async function launchService(
  context: RowContext,
  registry: string,
  { env = {}, namespace, name = "service", script = "service.ts" }: StartOptions = {},
): Promise<FleetProcess> {
  context.signal.throwIfAborted();
  const variables = {
    ROLLCALL_REGISTRY: registry,
    ROLLCALL_HOST: "127.0.0.1",
    // For whoever follows it at its address.
    ROLLCALL_PORT: env["ROLLCALL_PORT"] ?? String(context.use(await holdPort()).port),
    ROLLCALL_LOG_FORMAT: "json",
    ...env,
  };
  return context.own(await FleetProcess.start(commandOf(script, variables, namespace), { name }));
}

/** Starts a service process and waits until it is registered. */
export async function startService(
  context: RowContext,
  registry: string,
  options?: StartOptions,
): Promise<FleetProcess> {
  const service = await launchService(context, registry, options);
  await service.untilServing(30_000);
  return service;
}

/** Starts some at once. */
export async function startServices(
  context: RowContext,
  registry: string,
  size: number,
  options: StartOptions = {},
): Promise<FleetProcess[]> {
  const names = Array.from({ length: size }, (_, n) => `service-${n}`);
  return await Promise.all(names.map((name) => startService(context, registry, { ...options, name })));
}

/** What a serving process is registered under. */
export function idOf(service: FleetProcess): string {
  if (!service.serving) throw new Error(`${service.name} does not serve`);
  return service.serving.address;
}

export function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

/** Resolves when the service's handlers do so. */
export async function behave(service: FleetProcess, behaviour: Behaviour): Promise<void> {
  const heard = service.message(
    (message) => isFaults(message, "behaves") || undefined,
    "new behaviour",
    10_000,
  );
  service.send({ faults: "behave", behaviour: { ...behaviour } });
  await heard;
}

export async function countsOf(service: FleetProcess): Promise<ServiceCounts> {
  const answer = service.message(
    (message) => (isFaults(message, "counts") ? (message as ServiceCounts) : undefined),
    "counts",
    10_000,
  );
  service.send({ faults: "ask" });
  return await answer;
}

/** A line of a process' log. */
export interface LogLine {
  readonly msg: string;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly level: number;
  readonly [field: string]: unknown;
}

/** What it has logged so far; what is not a log line is left out. */
export function logOf(process: FleetProcess): LogLine[] {
  return process.logs.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as LogLine);
}

/** Whether two ends of a process' exit are as wished: in time, and with what code. */
export async function exitCodeWithin(service: FleetProcess, withinMs: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const timer = setTimeout(() => resolve(Number.NaN), withinMs);
  void service.exit.then(({ code }) => resolve(code ?? -1));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
