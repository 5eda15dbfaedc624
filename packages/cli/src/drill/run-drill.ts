import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError, unlessAborted } from "@rollcall/core";
import { startRegistry, type DevelopmentRegistry } from "@rollcall/testing";
import {
  createReceipt,
  liveRows,
  startCaller,
  type CallerProcess,
  type Fleet,
  type LiveTable,
} from "@rollcall/testing/fleet";
import type { CliEnv } from "../cli-env.js";
import type { ContractFlags } from "../contract/contract-flags.js";
import { useRegistry, type RegistryAccess } from "../registry-access.js";
import { planVariable, readPlan, writePlan } from "./caller-plan.js";
import { contractsOf, noLog } from "./contracts.js";
import { explain, passed, problemsOf, type DrillReport } from "./drill-report.js";
import { isOurs, startInstances } from "./instances.js";
import { runSteps, type SkippedStep } from "./run-steps.js";
import type { Stage } from "./stage.js";
import type { DrillStep } from "./steps.js";
import { createTimeline } from "./timeline.js";
import { callText, chooseTraffic, type Traffic, type TrafficOptions } from "./traffic.js";
import { tryEach } from "./try-each.js";

export interface DrillOptions extends TrafficOptions, ContractFlags {
  /** What starts one instance: a program and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly instances: number;
  readonly ratePerSecond: number;
  /** For all steps together, at least. */
  readonly forMs: number;
  readonly steps: readonly DrillStep[];
  /** Somebody else's registry. Default: one of the drill's own. */
  readonly registry?: string | undefined;
  /** From the start of an instance until it is registered. */
  readonly readyTimeoutMs: number;
  /** Where the instances' logs stay. Default: a temporary folder, kept when the drill fails. */
  readonly logs?: string | undefined;
}

/** How often the table is drawn. */
const redrawMs = 500;
/** For the registry to answer, each time. */
const registryTimeoutMs = 5000;

/**
 * Starts instances of a service and a caller, disturbs the instances step by step, and tells what the caller met. All that
 * it started has ended when it returns or throws.
 * @param signal ends it; it then rejects with the signal's reason
 */
export async function runDrill(
  options: DrillOptions,
  env: CliEnv,
  table: LiveTable,
  signal: AbortSignal,
): Promise<DrillReport> {
  const logs = options.logs ?? mkdtempSync(join(tmpdir(), "rollcall-drill-"));
  mkdirSync(logs, { recursive: true });
  let keep = options.logs !== undefined;
  try {
    await using registry = await startRegistry({ url: options.registry ?? "" });
    table.note(`registry: ${registry.kind} at ${registry.url}`);
    const report = await useRegistry(
      { registry: registry.url, timeout: registryTimeoutMs },
      env,
      { warn: (text) => table.note(text) },
      (access) => withRegistry({ options, env, table, signal, registry, access, logs }),
    );
    keep ||= !passed(report);
    return report;
  } catch (error) {
    keep ||= !signal.aborted;
    throw error;
  } finally {
    if (!keep) rmSync(logs, { recursive: true, force: true });
  }
}

interface Scene {
  readonly options: DrillOptions;
  readonly env: CliEnv;
  readonly table: LiveTable;
  readonly signal: AbortSignal;
  readonly registry: DevelopmentRegistry;
  readonly access: RegistryAccess;
  readonly logs: string;
}

async function withRegistry(scene: Scene): Promise<DrillReport> {
  const { options, env, table, signal, registry, access, logs } = scene;
  await refuseSecondDrill(access);
  signal.throwIfAborted();
  table.note(`starting ${options.instances} x ${options.command.join(" ")}`);
  await using fleet = await startInstances({
    ...options,
    size: options.instances,
    registryUrl: registry.url,
    logDirectory: logs,
    registry: access,
    env,
  });
  signal.throwIfAborted();
  const plan = join(logs, "calls.json");
  const traffic = await planCalls(scene, plan);
  signal.throwIfAborted();

  await using caller = await startCaller({
    args: ["--enable-source-maps", fileURLToPath(new URL("caller-main.js", import.meta.url))],
    env: { ROLLCALL_REGISTRY: registry.url, [planVariable]: plan },
  });
  const timeline = createTimeline(env.clock);
  const recorder = createReceipt();
  const found: string[] = [];
  const stage: Stage = {
    fleet,
    caller,
    recorder,
    registry,
    timeline,
    clock: env.clock,
    signal,
    shareMs: options.forMs / options.steps.length,
    repeatable: traffic.calls.some(({ idempotent }) => idempotent),
    problem(text) {
      found.push(text);
      table.note(text);
    },
  };
  const skipped = await watched(table, fleet, caller, () => disturbed(stage, options.steps, table));
  signal.throwIfAborted();
  const { data, durationMs } = await caller.finish();
  const receipt = recorder.add(data).receipt();
  const callsDue = (options.ratePerSecond * durationMs) / 1000;
  return {
    registry: registry.kind,
    calls: traffic.calls.map(callText),
    streams: traffic.streams.map(callText),
    instances: options.instances,
    receipt,
    firstDropped: explain(receipt.firstDropped, timeline),
    problems: problemsOf(receipt, { found, callsDue }),
    skipped,
    logs,
  };
}

/** Chooses the calls, writes them where the caller's process reads them, and makes each once. */
async function planCalls({ options, access, registry, table }: Scene, plan: string): Promise<Traffic> {
  const services = await ownServices(access);
  await using source = await contractsOf(services, options, registry.url);
  const traffic = await chooseTraffic(options, services, source);
  await writePlan(plan, traffic, options.ratePerSecond, source);
  await tryEach(readPlan(plan), { registry: registry.url, logger: noLog }, (line) => table.note(line));
  return traffic;
}

/** The steps; an instance that does not come back ends them, and what was measured until then is still told. */
async function disturbed(
  stage: Stage,
  steps: readonly DrillStep[],
  table: LiveTable,
): Promise<readonly SkippedStep[]> {
  try {
    const sequence = runSteps(stage, steps, (line) => table.note(line));
    // Left behind by an interruption it fails when the fleet is closed under it.
    sequence.catch(() => {});
    return (await unlessAborted(sequence, stage.signal)) ?? [];
  } catch (error) {
    stage.signal.throwIfAborted();
    stage.problem(error instanceof Error ? error.message : String(error));
    return [];
  }
}

async function watched<T>(
  table: LiveTable,
  fleet: Fleet,
  caller: CallerProcess,
  work: () => Promise<T>,
): Promise<T> {
  const rows = liveRows({ fleet, caller });
  const redraw = setInterval(() => {
    const { totals, inFlight } = caller.progress;
    table.update(
      `${totals.calls} calls, ${totals.dropped} dropped, ${totals.retried} retried, ${inFlight} in flight`,
      rows(),
    );
  }, redrawMs);
  try {
    return await work();
  } finally {
    clearInterval(redraw);
  }
}

/** Two drills would take each other's instances for their own. */
async function refuseSecondDrill(access: RegistryAccess): Promise<void> {
  const other = (await access.list()).find(isOurs);
  if (!other) return;
  const { id, service, address } = other.instance;
  throw new ConfigError(
    `another drill has instance ${id} of ${service} at ${address} in registry ${access.description}; ` +
      "wait until it has ended, or leave out --registry for a registry of this drill's own",
  );
}

/** The services that the instances registered. */
async function ownServices(access: RegistryAccess): Promise<readonly string[]> {
  const all = await access.list();
  const services = new Set(all.filter(isOurs).map(({ instance }) => instance.service));
  const stranger = all.find((each) => !isOurs(each) && services.has(each.instance.service));
  if (stranger)
    throw new ConfigError(
      `registry ${access.description} has instances of ${stranger.instance.service} that this drill did not start, ` +
        `such as ${stranger.instance.id}; leave out --registry, or stop them`,
    );
  return [...services].toSorted();
}
