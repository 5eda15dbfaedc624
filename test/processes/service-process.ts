import { fileURLToPath } from "node:url";
import { FleetProcess, type ProcessCommand } from "@rollcall/testing/fleet";
import { expect } from "vitest";
import { typeScript } from "../programs.js";

const script = fileURLToPath(new URL("../fixtures/orders-service.ts", import.meta.url));

export type Variables = Readonly<Record<string, string>>;

/** Runs test/fixtures/orders-service.ts from its sources. */
export function serviceCommand(registry: string, env: Variables = {}): ProcessCommand {
  return {
    args: [...typeScript, script],
    env: { ROLLCALL_REGISTRY: registry, ROLLCALL_LOG_FORMAT: "json", ...env },
  };
}

/** Starts a service process; does not wait for anything. */
export async function launchService(registry: string, env?: Variables): Promise<FleetProcess> {
  return await FleetProcess.start(serviceCommand(registry, env), { name: "orders" });
}

/** Starts a service process and waits until it is registered. */
export async function startService(registry: string, env?: Variables): Promise<FleetProcess> {
  const service = await launchService(registry, env);
  try {
    await service.untilServing(15_000);
    return service;
  } catch (error) {
    await service.kill();
    throw error;
  }
}

/** A line of a service's log. */
export interface LogLine {
  readonly msg: string;
  readonly time: number;
  readonly level: number;
  readonly [field: string]: unknown;
}

/** What the process has logged so far; what is not a log line is left out. */
export function logOf(service: FleetProcess): LogLine[] {
  return service.logs.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as LogLine);
}

/** Waits for the first log line with this message. */
export async function logged(service: FleetProcess, msg: string, timeoutMs = 15_000): Promise<LogLine> {
  let found: LogLine | undefined;
  const look = (): boolean => {
    found = logOf(service).find((line) => line.msg === msg);
    return found !== undefined || service.state === "exited";
  };
  await expect.poll(look, { interval: 2, timeout: timeoutMs, message: `no log line "${msg}"` }).toBe(true);
  if (!found) throw new Error(`the process ended without the log line "${msg}":\n${service.logs.join("\n")}`);
  return found;
}

export function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}
