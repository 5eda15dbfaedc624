import { Command } from "commander";
import type { CliEnv } from "../cli-env.js";
import { ExitCode, ExitError, exitCodeHelp } from "../exit-code.js";
import { toJson } from "../output/printable.js";
import { reportOn } from "../output/report.js";
import { rolloutLines } from "../output/rollout-lines.js";
import { readServices } from "../policy/stored-policies.js";
import {
  useRegistry,
  withRegistryFlags,
  type RegistryAccess,
  type RegistryFlags,
} from "../registry-access.js";
import { follow } from "../rollout/follow.js";
import { readStatus, statusJson, type RolloutStatus } from "../rollout/rollout-status.js";
import type { Terminal } from "../terminal.js";

interface StatusFlags extends RegistryFlags {
  readonly watch?: boolean;
  readonly json?: boolean;
}

const examples = `
Examples:
  rollcall rollout status                       every rollout
  rollcall rollout status orders --watch        live, until Ctrl-C
  rollcall rollout status Orders --json         one line of JSON per service; with --watch, every second

wanted is what the next step needs. An error rate above it is forgiven while the old version's is as high.
${exitCodeHelp.replace(/\.$/, ",")}
5 the (last) rollout was aborted.`;

/** `rollcall rollout status`: how releases stand. */
export function rolloutStatusCommand(terminal: Terminal, env: CliEnv): Command {
  const command = new Command("status")
    .description("show how rollouts stand: step, what callers see, what they wait for")
    .argument("[service]", "full name, last part of it, or an app; every rollout when left out")
    .option("--watch", "show it again every second, until Ctrl-C")
    .option("--json", "print one line of JSON per service");
  return withRegistryFlags(command)
    .addHelpText("after", examples)
    .action(async (name: string | undefined, flags: StatusFlags) => {
      const report = reportOn(terminal, flags);
      const statuses = await useRegistry(flags, env, report, async (registry) => {
        const first = await readAll(registry, name, env);
        if (!flags.watch) return first;
        // Names are looked up once: a service whose instances are gone for a moment stays in the view.
        const read = (): Promise<readonly RolloutStatus[]> =>
          name === undefined
            ? readAll(registry, name, env)
            : Promise.all(first.map(({ service }) => readStatus(registry, service, env.clock.now())));
        return (await follow({ read, terminal, env, json: report.json })).statuses ?? [];
      });
      if (!flags.watch) {
        const now = Math.round(env.clock.now());
        if (report.json) for (const each of statuses) report.out(toJson(statusJson(each, now)));
        else if (statuses.length === 0) report.out("no rollouts");
        else
          for (const [n, each] of statuses.entries()) {
            if (n > 0) report.out("");
            for (const line of rolloutLines(each, now, report.paint)) report.out(line);
          }
      }
      if (statuses.some(({ release }) => release?.rollout.state === "aborted"))
        throw new ExitError(ExitCode.aborted, "");
    });
}

async function readAll(
  registry: RegistryAccess,
  name: string | undefined,
  { clock }: CliEnv,
): Promise<readonly RolloutStatus[]> {
  const services = await readServices(registry, name);
  const statuses = await Promise.all(
    services.map(({ service, stored }) => readStatus(registry, service, clock.now(), stored)),
  );
  if (name !== undefined) return statuses;
  return statuses.filter(({ release, fault }) => release !== undefined || fault !== undefined);
}
