import { ConfigError, matches, type RolloutPolicy } from "@rollcall/core";
import { Command } from "commander";
import { argument, parsePair, repeated } from "../argument.js";
import type { CliEnv } from "../cli-env.js";
import { ExitCode, ExitError, exitCodeHelp } from "../exit-code.js";
import { reportOn, type Report } from "../output/report.js";
import { authorOf, withChangeFlags, type ChangeFlags } from "../policy/change-flags.js";
import { nextPolicy, writePolicies, type PlannedChange } from "../policy/policy-writer.js";
import { clearRules, editRules, kindOf, type RuleEdit } from "../policy/rule-edit.js";
import { basePolicy, readServices, stableVersion, type ServiceState } from "../policy/stored-policies.js";
import { targetText } from "../policy/target.js";
import {
  useRegistry,
  withRegistryFlags,
  type RegistryAccess,
  type RegistryFlags,
} from "../registry-access.js";
import { parsePercent, parseWeight } from "../share.js";
import type { Terminal } from "../terminal.js";

interface WeightFlags extends RegistryFlags, ChangeFlags {
  readonly version?: string;
  readonly track?: string;
  readonly id?: string;
  readonly label?: readonly (readonly [string, string])[];
  readonly percent?: number;
  readonly weight?: number;
  readonly header?: readonly (readonly [string, string])[];
  readonly key?: string;
  readonly lane?: string;
  readonly clear?: boolean;
  readonly stable?: string;
}

const examples = `
Examples:
  rollcall weight orders --version 1.5.0 --percent 5             5 % of the calls of all services of app orders
  rollcall weight Orders --version 1.5.0 --percent 0             nobody calls 1.5.0 any more
  rollcall weight Orders --version 1.5.0 --header x-canary=1     calls with this metadata go to 1.5.0
  rollcall weight Orders --id 10.0.0.1:8080 --weight 30          one instance counts as 30
  rollcall weight Orders --version 1.5.0 --clear                 no rule for 1.5.0 any more
  rollcall weight Orders --track canary --percent 10 --dry-run   what would change

A service is a full name (shop.v1.Orders), its last part (Orders) when only one ends so, or an app's name: then all its
services change at once.
${exitCodeHelp}`;

/** `rollcall weight`: one routing rule of a service. */
export function weightCommand(terminal: Terminal, env: CliEnv): Command {
  const command = new Command("weight")
    .description("say which share of the calls a version, track or instance gets")
    .argument("<service>", "full name, last part of it, or an app")
    .option("--version <version>", "the instances of this version")
    .option("--track <track>", "the instances of this track")
    .option("--id <id>", "one instance")
    .option("--label <key=value>", "the instances with this label; repeatable", repeated(parsePair))
    .option("--percent <percent>", "their share of the calls; 0 closes them", argument(parsePercent))
    .option("--weight <weight>", "what each counts, in place of its own weight", argument(parseWeight))
    .option("--header <key=value>", "only for calls with this metadata; repeatable", repeated(parsePair))
    .option("--key <key>", "the metadata whose value decides which calls, so that a user stays on one side")
    .option("--lane <name>", "also puts these calls, and those they cause, on a lane")
    .option("--clear", "remove the rules of this version, track or instance; with --header, that one")
    .option("--stable <version>", "the stable version, for a service that has no policy yet");
  return withRegistryFlags(withChangeFlags(command))
    .addHelpText("after", examples)
    .action(async (name: string, flags: WeightFlags) => {
      const edit = editOf(flags);
      const report = reportOn(terminal, flags);
      await useRegistry(flags, env, report, async (registry) => {
        const services = await readServices(registry, name);
        const changes = await Promise.all(
          services.map((state) => planned(registry, state, edit, { flags, env, report })),
        );
        await writePolicies(registry, changes, { dryRun: flags.dryRun, report, env });
      });
    });
}

function editOf(flags: WeightFlags): RuleEdit {
  const { version, track, id, label, percent, weight, header, key, lane, clear } = flags;
  const headers = header && Object.fromEntries(header.map(([name, value]) => [name.toLowerCase(), value]));
  const labels = label && Object.fromEntries(label);
  const to = { version, track, id, labels };
  if (Object.values(to).every((each) => each === undefined))
    throw new ConfigError("whose share? give --version, --track, --id or --label");
  const values = { percent, weight, key, lane };
  const given = Object.entries(values).flatMap(([option, value]) =>
    value === undefined ? [] : [`--${option}`],
  );
  if (clear && given.length > 0)
    throw new ConfigError(`--clear removes rules, so it does not go with ${given.join(" and ")}`);
  if (weight !== undefined && (given.length > 1 || headers))
    throw new ConfigError(
      "--weight is a rule of its own: set percent, header, key and lane with another command",
    );
  if (!clear && percent === undefined && weight === undefined && !headers)
    throw new ConfigError("which share? give --percent, --weight, --header or --clear");
  return { to, headers, ...values };
}

interface Planning {
  readonly flags: WeightFlags;
  readonly env: CliEnv;
  readonly report: Report;
}

async function planned(
  registry: RegistryAccess,
  state: ServiceState,
  edit: RuleEdit,
  { flags, env, report }: Planning,
): Promise<PlannedChange> {
  const { service, stored, instances } = state;
  const { policy: before, lost } = await basePolicy(registry, state);
  if (lost) report.warn(`the policy of ${service} was lost; going on from gen ${before?.gen} of its log`);
  if (before && flags.stable !== undefined && flags.stable !== before.stable)
    throw new ConfigError(
      `${service} has a policy, in which ${before.stable} is stable; change that with rollcall rollout, not with --stable`,
    );
  if (before) refuseDuringRollout(service, before, edit);
  if (!flags.clear && !instances.some(({ instance }) => matches(edit.to, instance)))
    report.warn(`${service} has no instance of ${targetText(edit.to)} now`);
  const rules = before?.rules ?? [];
  const content = {
    stable: before?.stable ?? stableVersion(state, flags.stable),
    rules: flags.clear ? clearRules(rules, edit) : editRules(rules, edit),
    rollout: before?.rollout,
  };
  const after = nextPolicy(before, content, authorOf(flags, env));
  return { service, revision: stored.revision, before, after };
}

/** The controller moves that percent itself; what it finds changed it would take for its own. */
function refuseDuringRollout(
  service: string,
  { rollout }: RolloutPolicy,
  { to, headers, weight }: RuleEdit,
): void {
  if (rollout?.state !== "running" || to.version !== rollout.to) return;
  if (kindOf({ headers, weight }) !== "percent") return;
  throw new ExitError(
    ExitCode.failed,
    `a rollout of ${service} to ${rollout.to} is running and sets this percent; ` +
      `first: rollcall rollout pause ${service}, or rollcall rollout abort ${service}`,
  );
}
