import { writeFileSync } from "node:fs";
import { ConfigError } from "@rollcall/core";
import { createLiveTable } from "@rollcall/testing/fleet";
import { Command, Option } from "commander";
import { argument, parseCount, parseCountOrNone, repeated } from "../argument.js";
import type { CliEnv } from "../cli-env.js";
import { withContractFlags, type ContractFlags } from "../contract/contract-flags.js";
import { passed, type DrillReport } from "../drill/drill-report.js";
import { junitXml } from "../drill/junit.js";
import { reportText } from "../drill/report-text.js";
import { runDrill } from "../drill/run-drill.js";
import { drillSteps, type DrillStep } from "../drill/steps.js";
import { parseDrillCall, type DrillCall } from "../drill/traffic.js";
import { parseDuration } from "../duration.js";
import { ExitCode, ExitError } from "../exit-code.js";
import { interruptible } from "../interruptible.js";
import { toJson } from "../output/printable.js";
import { reportOn } from "../output/report.js";
import type { Terminal } from "../terminal.js";

interface DrillFlags extends ContractFlags {
  readonly rps: number;
  readonly streams?: number;
  readonly for: number;
  readonly instances: number;
  readonly steps: readonly DrillStep[];
  readonly call?: readonly DrillCall[];
  readonly stream?: readonly DrillCall[];
  readonly registry?: string;
  readonly startTimeout: number;
  readonly logs?: string;
  readonly junit?: string;
  readonly json?: boolean;
}

const stepList = drillSteps.map(({ name, what }) => `  ${name.padEnd(16)} ${what}`).join("\n");

const examples = `
Steps, each for its share of --for or as long as it takes:
${stepList}

Examples:
  rollcall drill -- node dist/main.js
  rollcall drill --rps 500 --streams 50 --for 60s -- node dist/main.js
  rollcall drill --call 'shop.v1.Orders/Get {"id":"1"}' --junit drill.xml -- node dist/main.js
  rollcall drill --steps rolling-restart,kill --json -- node dist/main.js | jq .receipt.dropped

It starts a registry, instances of your service and a caller, all on this machine, and ends them. Calls are made at a
fixed rate, each measured from the moment it was due. Without --call it makes those that the proto marks as safe to
repeat (option idempotency_level), with empty requests, as the service itself lists them by server reflection
(ROLLCALL_REFLECTION, which the drill turns on). Other calls are not made while a process is killed or hangs: one in the
hands of such a process has no right answer.

Exit codes: 0 nothing dropped, 1 a call or stream was dropped or an instance misbehaved, 2 wrong arguments,
3 the registry cannot be reached, 130 interrupted.`;

/** `rollcall drill`: proves with real processes that restarts, crashes and outages drop no call. */
export function drillCommand(terminal: Terminal, env: CliEnv): Command {
  const count = argument(parseCount);
  const command = new Command("drill")
    .description(
      "restart, kill and hang real processes of your service under load, and prove that no call was dropped",
    )
    .argument("<command...>", "what starts one instance, after --")
    .option("--rps <calls>", "calls per second", count, 100)
    .option(
      "--streams <count>",
      "server streams held open, 0 for none (default: 10, if the service has any)",
      argument(parseCountOrNone),
    )
    .addOption(
      new Option("--for <duration>", "for all steps together, at least")
        .argParser(argument(parseDuration))
        .default(60_000, "60s"),
    )
    .option("--instances <count>", "how many processes", count, 3)
    .addOption(
      new Option("--steps <names>", "which steps, in this order: a list with commas")
        .argParser(argument(parseSteps))
        .default(drillSteps, "all"),
    )
    .option(
      "--call <call>",
      "service/method and its request as JSON; may be given again",
      repeated(parseDrillCall),
    )
    .option("--stream <call>", "a server stream, as --call; may be given again", repeated(parseDrillCall))
    .option(
      "--registry <url>",
      "one that runs already, for what the service itself calls (default: the drill's own)",
    )
    .addOption(
      new Option("--start-timeout <duration>", "how long an instance may take until it is registered")
        .argParser(argument(parseDuration))
        .default(20_000, "20s"),
    )
    .option("--logs <folder>", "where to keep one log per instance (default: kept only when the drill fails)")
    .option("--junit <file>", "write the result as JUnit XML, for CI")
    .option("--json", "print the result as one line of JSON");
  return withContractFlags(command)
    .addHelpText("after", examples)
    .action(async (command: [string, ...string[]], flags: DrillFlags) => {
      // Progress, like errors, leaves standard output to the result.
      const table = createLiveTable({ stream: process.stderr, ...(flags.json ? { live: false } : {}) });
      const options = {
        ...flags,
        command,
        ratePerSecond: flags.rps,
        forMs: flags.for,
        readyTimeoutMs: flags.startTimeout,
      };
      const report = await interruptible(
        env,
        (signal) => runDrill(options, env, table, signal).finally(() => table.done()),
        { onInterrupt: () => table.note("ending everything (once more to do it at once)") },
      );
      if (flags.junit !== undefined) writeJunit(flags.junit, report);
      show(report, terminal, flags);
      if (!passed(report)) throw new ExitError(ExitCode.failed, "");
    });
}

function show(report: DrillReport, terminal: Terminal, flags: DrillFlags): void {
  const { json, paint, out } = reportOn(terminal, flags);
  if (json) return out(toJson(rounded(report)));
  for (const line of reportText(report, paint, terminal.screen?.color === true)) out(line);
}

/** Milliseconds to a tenth. */
function rounded(report: DrillReport): unknown {
  return JSON.parse(
    JSON.stringify(report, (_key, value: unknown) =>
      typeof value === "number" ? Math.round(value * 10) / 10 : value,
    ),
  );
}

function writeJunit(file: string, report: DrillReport): void {
  try {
    writeFileSync(file, junitXml(report));
  } catch (error) {
    throw new ExitError(
      ExitCode.failed,
      `--junit ${file} could not be written: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}

function parseSteps(text: string): readonly DrillStep[] {
  return text.split(",").map((name) => {
    const found = drillSteps.find((step) => step.name === name.trim());
    if (found) return found;
    const known = drillSteps.map((step) => step.name).join(", ");
    throw new ConfigError(`there is no step ${JSON.stringify(name.trim())}; there are ${known}`);
  });
}
