import { existsSync } from "node:fs";
import path from "node:path";
import { interruptSignal } from "@rollcall/testing/fleet";
import type { CliEnv } from "../cli-env.js";
import type { Terminal } from "../terminal.js";
import { followChanges } from "./changes.js";
import { Contracts } from "./contracts.js";
import { devReport } from "./dev-report.js";
import type { Program } from "./entry.js";
import { followKeys } from "./keys.js";
import { Launcher } from "./launcher.js";
import { RestartLoop } from "./restart-loop.js";
import { watchSources } from "./source-watch.js";

export interface DevFlags {
  readonly registry?: string | undefined;
  readonly registryPort: number;
  readonly watch?: readonly string[] | undefined;
  readonly proto: string;
  readonly out: string;
  readonly protoPath?: readonly string[] | undefined;
  readonly importFrom: string;
  readonly generate: boolean;
  readonly stopFirst?: boolean | undefined;
  /** Milliseconds. */
  readonly startTimeout: number;
  readonly json?: boolean | undefined;
}

/** Files beside the sources that make the service another. */
const projectFiles = [".env", "package.json", "tsconfig.json"];

/** Runs a service under watch until SIGINT, SIGTERM or SIGHUP. */
export async function runDev(
  program: Program,
  flags: DevFlags,
  terminal: Terminal,
  env: CliEnv,
): Promise<void> {
  const cwd = process.cwd();
  const { clock } = env;
  const json = flags.json === true;
  const keys = process.stdin.isTTY;
  const report = devReport(terminal, { json, keys });
  const interrupted = interruptSignal(() => report({ event: "stopping" }));

  await using launcher = new Launcher({
    program,
    cwd,
    env,
    registry: flags.registry,
    registryPort: flags.registryPort,
    stopFirst: flags.stopFirst === true,
    pretty: !json && terminal.screen !== undefined,
    output: json ? [2, 2] : [1, 2],
    report,
  });
  // What cannot be run at all ends the command; later, it is waited for.
  await launcher.prepare();

  const generates =
    flags.generate && [flags.proto, flags.out].every((folder) => existsSync(path.resolve(cwd, folder)));
  const contracts = generates ? new Contracts({ ...flags, cwd }, report) : undefined;
  await contracts?.update();

  const prepare = (): ReturnType<Launcher["prepare"]> => launcher.prepare();
  const loop = new RestartLoop({ prepare, clock, startTimeoutMs: flags.startTimeout, report });
  const warn = (error: unknown): void =>
    report({ event: "warning", text: error instanceof Error ? error.message : String(error) });
  const changes = followChanges({
    clock,
    cwd,
    contracts,
    restart: (paths) => loop.change(paths),
    fail: warn,
  });
  const roots = [program.sources, flags.proto, flags.out, ...(flags.protoPath ?? []), ...(flags.watch ?? [])];
  await using _watch = await watchSources({
    roots: [...roots, ...projectFiles].map((each) => path.resolve(cwd, each)),
    cwd,
    onChange: (file) => changes.add(file),
    onError: (error) => warn(new Error(`cannot watch for changes: ${error.message}`, { cause: error })),
  });
  using _keys = keys ? followKeys(process.stdin, () => loop.change([])) : undefined;

  await loop.run(interrupted);
  await changes.close();
  report({ event: "stopped" });
}
