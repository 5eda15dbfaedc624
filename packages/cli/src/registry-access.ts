import { readSettings } from "@rollcall/app";
import {
  boundedSignal,
  ConfigError,
  type BreakerReport,
  type ListedInstance,
  type RegistryBackend,
  type RolloutStore,
} from "@rollcall/core";
import { Option, type Command } from "commander";
import { argument } from "./argument.js";
import type { CliEnv } from "./cli-env.js";
import { formatDuration, parseDuration } from "./duration.js";
import { ExitCode, ExitError } from "./exit-code.js";
import type { Report } from "./output/report.js";

/** Flags of every command that asks a registry. */
export interface RegistryFlags {
  readonly registry?: string | undefined;
  /** Milliseconds. */
  readonly timeout: number;
}

/** A registry whose every answer is bounded; what it cannot do is said, not met as undefined. */
export interface RegistryAccess {
  /** For messages: without credentials. */
  readonly description: string;
  /** For clients, which bound their calls themselves. */
  readonly backend: RegistryBackend;
  /** Whether it can hold policies. */
  readonly hasPolicies: boolean;
  /** The instances of one service, or of all. */
  list(service?: string): Promise<readonly ListedInstance[]>;
  /** What callers report of their breakers for a service; nothing where they cannot. */
  breakers(service: string): Promise<readonly BreakerReport[]>;
  /** Asks the store of policies once. */
  ask<T>(question: (store: RolloutStore, signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** How long commands wait for each answer of a registry unless told otherwise. */
export const registryTimeoutMs = 5_000;

/** Adds `--registry` and `--timeout`. */
export function withRegistryFlags(command: Command): Command {
  return withRegistryFlag(command).addOption(
    new Option("--timeout <duration>", "how long to wait for each answer of the registry")
      .argParser(argument(parseDuration))
      .default(registryTimeoutMs, formatDuration(registryTimeoutMs)),
  );
}

/** Adds `--registry`. */
export function withRegistryFlag(command: Command): Command {
  return command.option(
    "--registry <url>",
    "where services are registered (default: ROLLCALL_REGISTRY, else etcd://127.0.0.1:2379)",
  );
}

/**
 * Opens the registry, waits until it answers, works with it and closes it.
 * @throws ExitError `unreachable` when it does not answer in time
 */
export async function useRegistry<T>(
  flags: RegistryFlags,
  env: CliEnv,
  report: Pick<Report, "warn">,
  work: (registry: RegistryAccess) => Promise<T>,
): Promise<T> {
  // The flag is what the user wrote last, so here it wins over the variable.
  const { registry: url } = readSettings(
    { registry: flags.registry },
    flags.registry ? {} : { ROLLCALL_REGISTRY: env.variables["ROLLCALL_REGISTRY"] },
  );
  const { backend, owned } = env.openRegistry(url, report.warn);
  try {
    const bounded = boundedBy(flags.timeout, backend, env);
    await bounded((signal) => backend.ready(signal));
    return await work(accessOf(backend, bounded));
  } finally {
    if (owned) await backend[Symbol.asyncDispose]();
  }
}

type Bounded = <T>(question: (signal: AbortSignal) => Promise<T>) => Promise<T>;

function boundedBy(timeoutMs: number, backend: RegistryBackend, { clock }: CliEnv): Bounded {
  return async (question) => {
    const bound = boundedSignal(clock, timeoutMs);
    try {
      return await question(bound.signal);
    } catch (error) {
      // What it refused is an answer.
      if (error instanceof ConfigError || !bound.signal.aborted) throw error;
      throw unreachable(backend.description, timeoutMs, error);
    } finally {
      bound.release();
    }
  };
}

function accessOf(backend: RegistryBackend, bounded: Bounded): RegistryAccess {
  const { description, rollouts, breakers } = backend;
  return {
    description,
    backend,
    hasPolicies: rollouts !== undefined,
    list: (service) => bounded((signal) => backend.list(service, signal)),
    breakers: async (service) => (breakers ? bounded((signal) => breakers.reports(service, signal)) : []),
    async ask(question) {
      if (!rollouts)
        throw new ConfigError(`registry ${description} holds no rollout rules; use one with etcd://`);
      return bounded((signal) => question(rollouts, signal));
    },
  };
}

function unreachable(description: string, timeoutMs: number, cause: unknown): ExitError {
  const last = cause instanceof Error && cause.name !== "TimeoutError" ? ` (${cause.message})` : "";
  return new ExitError(
    ExitCode.unreachable,
    `registry ${description} did not answer within ${formatDuration(timeoutMs)}${last}; check --registry or ROLLCALL_REGISTRY`,
    { cause },
  );
}
