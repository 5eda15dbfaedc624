import {
  defaultIntervalMs,
  defaultMaxErrorRate,
  defaultMinSamples,
  defaultSteps,
  isActive,
  rolloutId,
  startRollout,
  type RolloutOptions,
} from "@rollcall/app/rollout";
import { Command } from "commander";
import { argument, parseCount } from "../argument.js";
import type { CliEnv } from "../cli-env.js";
import { formatDuration, parseDuration } from "../duration.js";
import { ExitCode, ExitError, exitCodeHelp } from "../exit-code.js";
import { reportOn, type Report } from "../output/report.js";
import { authorOf, withChangeFlags, type ChangeFlags } from "../policy/change-flags.js";
import { writePolicies, type PlannedChange } from "../policy/policy-writer.js";
import { basePolicy, readServices, stableVersion, type ServiceState } from "../policy/stored-policies.js";
import {
  useRegistry,
  withRegistryFlags,
  type RegistryAccess,
  type RegistryFlags,
} from "../registry-access.js";
import { awaitEnd } from "../rollout/await-end.js";
import { formatRate, parseRate, parseRatio, parseSteps } from "../share.js";
import type { Terminal } from "../terminal.js";

interface StartFlags extends RegistryFlags, ChangeFlags {
  readonly to: string;
  readonly steps: readonly number[];
  readonly interval: number;
  readonly maxErrorRate: number;
  readonly maxP99Ratio?: number;
  readonly minSamples: number;
  readonly stable?: string;
  readonly wait?: boolean;
}

const examples = `
Examples:
  rollcall rollout start orders --to 1.5.0
  rollcall rollout start orders --to 1.5.0 --steps 1,5,25,50,100 --interval 60s --max-error-rate 1% --max-p99-ratio 1.5
  rollcall rollout start Orders --to 1.5.0 --dry-run
  rollcall rollout start Orders --to 1.5.0 --wait --reason "release 118"      in CI: exit code 5 when it was aborted

A service is a full name (shop.v1.Orders), its last part (Orders) when only one ends so, or an app's name: then all its
services start at once. Start the new version's instances with ROLLCALL_WEIGHT=0 before.
${exitCodeHelp.replace(/\.$/, ",")}
5 with --wait: the rollout was aborted.`;

/** `rollcall rollout start`: begins a release in steps. */
export function rolloutStartCommand(terminal: Terminal, env: CliEnv): Command {
  const command = new Command("start")
    .description("begin to release a version")
    .argument("<service>", "full name, last part of it, or an app")
    .requiredOption("--to <version>", "the version to release")
    .option("--steps <percents>", "its share of the calls, step by step", argument(parseSteps), defaultSteps)
    .option(
      "--max-p99-ratio <ratio>",
      "how much slower its p99 may be (default: not compared)",
      argument(parseRatio),
    )
    .option("--min-samples <count>", "calls that each step needs", argument(parseCount), defaultMinSamples)
    .option("--stable <version>", "the stable version, for a service that has no policy yet")
    .option("--wait", "follow it until it is promoted or aborted; Ctrl-C ends the view only");
  command
    .addOption(
      command
        .createOption("--interval <duration>", "the least time between two steps")
        .argParser(argument(parseDuration))
        .default(defaultIntervalMs, formatDuration(defaultIntervalMs)),
    )
    .addOption(
      command
        .createOption(
          "--max-error-rate <rate>",
          "share of failures it may have, or the old version's when worse",
        )
        .argParser(argument(parseRate))
        .default(defaultMaxErrorRate, formatRate(defaultMaxErrorRate)),
    );
  return withRegistryFlags(withChangeFlags(command))
    .addHelpText("after", examples)
    .action(async (name: string, flags: StartFlags) => {
      const report = reportOn(terminal, flags);
      await useRegistry(flags, env, report, async (registry) => {
        const services = await readServices(registry, name);
        const id = rolloutId(Math.random);
        const planned = await Promise.all(
          services.map((state) => plan(registry, state, id, { flags, env, report })),
        );
        await writePolicies(registry, planned, { dryRun: flags.dryRun, report, env });
        if (flags.wait && !flags.dryRun) {
          const names = planned.map(({ service }) => service);
          await awaitEnd(registry, names, id, { terminal, env, json: report.json });
        }
      });
    });
}

interface Planning {
  readonly flags: StartFlags;
  readonly env: CliEnv;
  readonly report: Report;
}

async function plan(
  registry: RegistryAccess,
  state: ServiceState,
  id: string,
  { flags, env, report }: Planning,
): Promise<PlannedChange> {
  const { service, stored, instances } = state;
  const { policy: before, lost } = await basePolicy(registry, state);
  if (lost) report.warn(`the policy of ${service} was lost; going on from gen ${before?.gen} of its log`);
  if (isActive(before?.rollout))
    throw new ExitError(
      ExitCode.failed,
      `a rollout of ${service} to ${before.rollout.to} is ${before.rollout.state}; ` +
        `let it end, or first: rollcall rollout abort ${service}`,
    );
  if (!instances.some(({ instance }) => instance.version === flags.to))
    report.warn(`${service} has no instance of ${flags.to} now`);
  const options: RolloutOptions = {
    id,
    to: flags.to,
    from: before ? flags.stable : stableVersion(state, flags.stable),
    steps: flags.steps,
    intervalMs: flags.interval,
    maxErrorRate: flags.maxErrorRate,
    maxP99Ratio: flags.maxP99Ratio,
    minSamples: flags.minSamples,
  };
  const after = startRollout(service, before, options, authorOf(flags, env));
  return { service, revision: stored.revision, before, after };
}
