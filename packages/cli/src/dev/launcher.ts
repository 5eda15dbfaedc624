import { hostname } from "node:os";
import type { ListedInstance } from "@rollcall/core";
import { EtcdServer } from "@rollcall/testing";
import type { CliEnv } from "../cli-env.js";
import { untilRegistered } from "../registered.js";
import type { Program } from "./entry.js";
import { serviceVariables } from "./environment.js";
import type { DevEvent } from "./events.js";
import { occupants } from "./occupant.js";
import type { Launch } from "./restart-loop.js";
import { startService } from "./service-process.js";
import { SharedRegistry } from "./shared-registry.js";

export interface LauncherOptions {
  readonly program: Program;
  readonly cwd: string;
  readonly env: CliEnv;
  /** Wins over the variable and `.env`. */
  readonly registry: string | undefined;
  /** Of the shared registry, where the user names none; 0 for any, which is not shared. */
  readonly registryPort: number;
  readonly stopFirst: boolean;
  /** Whether people read the service's log as it is written. */
  readonly pretty: boolean;
  readonly output: readonly [stdout: number, stderr: number];
  report(event: DevEvent): void;
}

/** A service's grace period is its own to keep; this is for what it does after it. */
const afterGraceMs = 5_000;

/** Starts the service's processes, each with the variables of its time and a registry. */
export class Launcher implements AsyncDisposable {
  readonly #options: LauncherOptions;
  #shared: Promise<SharedRegistry> | undefined;
  #given: string | undefined;
  #starts = 0;

  constructor(options: LauncherOptions) {
    this.#options = options;
  }

  /**
   * Reads the variables, and opens the registry that they lead to.
   * @throws ConfigError when there is none
   */
  async prepare(): Promise<Launch> {
    const { program, cwd, env, pretty, stopFirst } = this.#options;
    const service = await serviceVariables(cwd, env.variables, pretty);
    const registry = await this.#registry(service.registry);
    // So that it is known from the registry that it serves.
    const id =
      program.wrapped && !service.hasId ? `dev-${hostname()}-${process.pid}-${++this.#starts}` : undefined;
    const variables = {
      ...service.variables,
      ROLLCALL_REGISTRY: registry,
      ...(id === undefined ? {} : { ROLLCALL_INSTANCE_ID: id }),
    };
    return {
      service: program.name,
      stopFirst: stopFirst || service.hasId || service.hasPort,
      start: () =>
        startService(
          { ...program.command, env: variables },
          {
            output: this.#options.output,
            stopTimeoutMs: service.gracePeriodMs + afterGraceMs,
            clock: env.clock,
            registered: id === undefined ? undefined : (signal) => this.#registered(registry, id, signal),
          },
        ),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const shared = await this.#shared?.catch(() => undefined);
    await shared?.[Symbol.asyncDispose]();
  }

  async #registry(fromVariables: string | undefined): Promise<string> {
    const given = this.#options.registry ?? fromVariables;
    if (given !== undefined && !isSharedPlace(given, this.#options.registryPort)) {
      await this.#check(given);
      return given;
    }
    this.#shared ??= this.#openShared();
    try {
      return (await this.#shared).url;
    } catch (error) {
      // What took its place may be gone at the next start.
      this.#shared = undefined;
      throw error;
    }
  }

  /** A URL that is not valid is better known before the service says so, each time. */
  async #check(url: string): Promise<void> {
    if (url === this.#given) return;
    const { env, report } = this.#options;
    const { backend, owned } = env.openRegistry(url, () => {});
    report({ event: "registry", url: backend.description, kind: "given" });
    this.#given = url;
    if (owned) await backend[Symbol.asyncDispose]();
  }

  #openShared(): Promise<SharedRegistry> {
    const { registryPort: port, env, report } = this.#options;
    return SharedRegistry.open({
      port,
      clock: env.clock,
      look: occupants(),
      serve: (port) => EtcdServer.start({ port }),
      onPlace: (kind, url) => report({ event: "registry", url, kind }),
    });
  }

  async #registered(url: string, id: string, signal: AbortSignal): Promise<string> {
    const { backend, owned } = this.#options.env.openRegistry(url, () => {});
    try {
      const list = (): Promise<readonly ListedInstance[]> => backend.list(undefined, signal);
      return await untilRegistered({ list, id, clock: this.#options.env.clock, signal });
    } finally {
      if (owned) await backend[Symbol.asyncDispose]();
    }
  }
}

/** Whether a URL names the place of the shared registry, as the variable does where services run without this loop too. */
export function isSharedPlace(url: string, port: number): boolean {
  return port !== 0 && ["127.0.0.1", "localhost"].some((host) => url === `etcd://${host}:${port}`);
}
