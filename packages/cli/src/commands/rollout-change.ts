import { abortRollout, pauseRollout, promoteRollout, resumeRollout } from "@rollcall/app/rollout";
import { ConfigError, type RolloutState } from "@rollcall/core";
import { Command } from "commander";
import type { CliEnv } from "../cli-env.js";
import { ExitCode, ExitError, exitCodeHelp } from "../exit-code.js";
import { reportOn } from "../output/report.js";
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
  /** States of a rollout in which it means something. */
  readonly from: readonly RolloutState[];
  readonly apply: typeof pauseRollout;
}

const changes: readonly Change[] = [
  {
    name: "pause",
    description: "hold a rollout at its step; a sick version is still aborted",
    help: "It goes on with: rollcall rollout resume <service>",
    from: ["running"],
    apply: pauseRollout,
  },
  {
    name: "resume",
    description: "let a paused rollout go on; its step begins anew",
    help: "The step in force gets its whole interval again.",
    from: ["paused"],
    apply: resumeRollout,
  },
  {
    name: "promote",
    description: "make the new version the stable one now, whatever the step",
    help: "Every call goes to the new version at once, and the policy has no rules any more.",
    from: ["running", "paused"],
    apply: promoteRollout,
  },
  {
    name: "abort",
    description: "send no call to the new version any more",
    help: "The new version stays at 0 %: open it again with rollcall weight, or start another rollout.",
    from: ["running", "paused"],
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
        const planned = await Promise.all(
          concerned(services, change).map((state) => plan(registry, state, change, flags, env)),
        );
        await writePolicies(registry, planned, { dryRun: flags.dryRun, report, env });
      });
    });
}

/** Of several services, those whose rollout can be changed so; one alone must be able to. */
function concerned(services: readonly ServiceState[], { from }: Change): readonly ServiceState[] {
  const able = services.filter(({ stored }) => {
    const state = stored.policy?.rollout?.state;
    return stored.fault !== undefined || (state !== undefined && from.includes(state));
  });
  return able.length > 0 ? able : services;
}

async function plan(
  registry: RegistryAccess,
  state: ServiceState,
  { apply }: Change,
  flags: ChangeFlags,
  env: CliEnv,
): Promise<PlannedChange> {
  const { service, stored } = state;
  const { policy: before } = await basePolicy(registry, state);
  try {
    return {
      service,
      revision: stored.revision,
      before,
      after: apply(service, before, authorOf(flags, env)),
    };
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
