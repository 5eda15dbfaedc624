import { abortRollout, pauseRollout, promoteRollout, resumeRollout } from "@rollcall/app/rollout";
import { ConfigError } from "@rollcall/core";
import { Command } from "commander";
import type { CliEnv } from "../cli-env.js";
import { ExitCode, ExitError, exitCodeHelp } from "../exit-code.js";
import { reportOn, type Report } from "../output/report.js";
import { authorOf, withChangeFlags, type ChangeFlags } from "../policy/change-flags.js";
import { writePolicies, type PlannedChange } from "../policy/policy-writer.js";
import { basePolicy, readServices, type ServiceState } from "../policy/stored-policies.js";
import {
  useRegistry,
  withRegistryFlags,
  type RegistryAccess,
  type RegistryFlags,
} from "../registry-access.js";
import type { Terminal } from "../terminal.js";
import type { CommandFactory } from "./command-factory.js";

interface Change {
  readonly name: string;
  readonly description: string;
  readonly help: string;
  readonly apply: typeof pauseRollout;
}

const changes: readonly Change[] = [
  {
    name: "pause",
    description: "hold a rollout at its step; a sick version is still aborted",
    help: "It goes on with: rollcall rollout resume <service>",
    apply: pauseRollout,
  },
  {
    name: "resume",
    description: "let a paused rollout go on; its step begins anew",
    help: "The step in force gets its whole interval again.",
    apply: resumeRollout,
  },
  {
    name: "promote",
    description: "make the new version the stable one now, whatever the step",
    help: "Every call goes to the new version at once, and the policy has no rules any more.",
    apply: promoteRollout,
  },
  {
    name: "abort",
    description: "send no call to the new version any more",
    help: "The new version stays at 0 %: open it again with rollcall weight, or start another rollout.",
    apply: abortRollout,
  },
];

/** `rollcall rollout pause`, `resume`, `promote` and `abort`. */
export const rolloutChangeCommands: readonly CommandFactory[] = changes.map(
  (change) => (terminal, env) => changeCommand(change, terminal, env),
);

function changeCommand(change: Change, terminal: Terminal, env: CliEnv): Command {
  const command = new Command(change.name)
    .description(change.description)
    .argument("<service>", "full name, last part of it, or an app: all its services with a rollout");
  return withRegistryFlags(withChangeFlags(command))
    .addHelpText("after", examplesOf(change))
    .action(async (name: string, flags: RegistryFlags & ChangeFlags) => {
      const report = reportOn(terminal, flags);
      await useRegistry(flags, env, report, async (registry) => {
        const services = await readServices(registry, name);
        const planned = await planAll(registry, services, change, { flags, env, report });
        await writePolicies(registry, planned, { dryRun: flags.dryRun, report, env });
      });
    });
}

interface Planning {
  readonly flags: ChangeFlags;
  readonly env: CliEnv;
  readonly report: Report;
}

/**
 * Changes for those of the services whose rollout can be changed so. Of an app, others are left alone: a damaged
 * document of one service must not keep anybody from aborting the rollout of another.
 */
async function planAll(
  registry: RegistryAccess,
  services: readonly ServiceState[],
  change: Change,
  planning: Planning,
): Promise<readonly PlannedChange[]> {
  const plans = await Promise.allSettled(services.map((state) => plan(registry, state, change, planning)));
  const able = plans.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const refused = plans.flatMap((each, n) =>
    each.status === "rejected" ? [{ reason: each.reason as unknown, state: services[n] }] : [],
  );
  for (const { reason, state } of refused) {
    const isRefusal = reason instanceof ExitError && reason.exitCode === ExitCode.failed;
    if (able.length === 0 || !isRefusal) throw reason;
    if (state?.stored.fault !== undefined) planning.report.warn(reason.message);
  }
  return able;
}

async function plan(
  registry: RegistryAccess,
  state: ServiceState,
  { apply }: Change,
  { flags, env, report }: Planning,
): Promise<PlannedChange> {
  const { service, stored } = state;
  const { policy: before, lost } = await basePolicy(registry, state);
  try {
    const after = apply(service, before, authorOf(flags, env));
    if (lost) report.warn(`the policy of ${service} was lost; going on from gen ${before?.gen} of its log`);
    return { service, revision: stored.revision, before, after };
  } catch (error) {
    // The arguments are right; it is the rollout that is not where they need it.
    if (error instanceof ConfigError) throw new ExitError(ExitCode.failed, error.message, { cause: error });
    throw error;
  }
}

function examplesOf({ name, help }: Change): string {
  const why = name === "resume" ? "" : ` --reason "..."`;
  return `
Examples:
  rollcall rollout ${name} Orders${why}
  rollcall rollout ${name} orders --dry-run       of all services of app orders: what would change

${help}
${exitCodeHelp}`;
}
