import type { RolloutPolicy } from "@rollcall/core";
import { Command } from "commander";
import { argument, parseCount } from "../argument.js";
import type { CliEnv } from "../cli-env.js";
import { exitCodeHelp } from "../exit-code.js";
import type { Paint } from "../output/paint.js";
import { toJson } from "../output/printable.js";
import { reportOn } from "../output/report.js";
import { table, type Column } from "../output/table.js";
import { timeText } from "../output/time-text.js";
import { policyChanges } from "../policy/policy-words.js";
import { readServices } from "../policy/stored-policies.js";
import { useRegistry, withRegistryFlags, type RegistryFlags } from "../registry-access.js";
import type { Terminal } from "../terminal.js";

interface LogFlags extends RegistryFlags {
  readonly limit: number;
  readonly json?: boolean;
}

/** One policy that was in force, and what it changed. */
interface Entry {
  readonly policy: RolloutPolicy;
  readonly changes: readonly string[];
}

const examples = `
Examples:
  rollcall log Orders                  who changed what, newest first
  rollcall log Orders --limit 1        the last change
  rollcall log orders --json           one line per change, of all services of app orders

Times are UTC.
${exitCodeHelp}`;

const columns: readonly Column[] = [
  { title: "gen", align: "right" },
  { title: "when" },
  { title: "who", maxWidth: 22 },
  { title: "what", maxWidth: 34 },
  { title: "why", maxWidth: 26 },
];

/** `rollcall log`: the history of a service's policy. */
export function logCommand(terminal: Terminal, env: CliEnv): Command {
  const command = new Command("log")
    .description("show who changed a service's policy, when, how and why; newest first")
    .argument("<service>", "full name, last part of it, or an app")
    .option("--limit <count>", "at most so many changes of each service", argument(parseCount), 20)
    .option("--json", "print one line of JSON per change");
  return withRegistryFlags(command)
    .addHelpText("after", examples)
    .action(async (name: string, flags: LogFlags) => {
      const report = reportOn(terminal, flags);
      await useRegistry(flags, env, report, async (registry) => {
        const services = await readServices(registry, name);
        for (const { service } of services) {
          const history = await registry.ask((store, signal) => store.history(service, signal));
          const entries = entriesOf(history).slice(0, flags.limit);
          if (report.json)
            for (const { policy, changes } of entries) report.out(toJson({ service, changes, ...policy }));
          else {
            if (services.length > 1) report.out(report.paint("bold", service));
            for (const line of logLines(entries, report.paint)) report.out(line);
          }
        }
      });
    });
}

function entriesOf(history: readonly RolloutPolicy[]): readonly Entry[] {
  return history.map((policy, n) => ({ policy, changes: policyChanges(history[n + 1], policy) }));
}

function logLines(entries: readonly Entry[], paint: Paint): readonly string[] {
  if (entries.length === 0) return ["no changes"];
  const rows = entries.map(({ policy: { gen, at, by, reason }, changes }) => [
    String(gen),
    { text: timeText(at), style: "dim" as const },
    by,
    changes,
    reason,
  ]);
  return table(columns, rows, paint);
}
