import { ConfigError } from "@rollcall/core";
import { Command, Option } from "commander";
import { argument, parsePort, repeated } from "../argument.js";
import type { CliEnv } from "../cli-env.js";
import { runDev, type DevFlags } from "../dev/dev.js";
import { commandProgram, defaultEntry, entryProgram, type Program } from "../dev/entry.js";
import { parseDuration } from "../duration.js";
import type { Terminal } from "../terminal.js";

const examples = `
Examples:
  rollcall dev                           src/main.ts, with a registry, restarted when it changes
  rollcall dev src/billing.ts            another service, in another terminal: both share the registry
  rollcall dev -- npm start              any command; its sources are in src/
  rollcall dev --watch ../shared/src     restarts for what another package changes too
  rollcall dev --json 2>service.log | jq

TypeScript runs as it is, decorators included. A restart drains: the new process serves before the old one is asked to
stop, so that callers see no error; one that does not start leaves the old one serving. With ROLLCALL_PORT or
ROLLCALL_INSTANCE_ID set, or --stop-first, the old one stops first and callers wait for the new one.

.env is read at each start; variables that are set win over it. Unless set, the service gets ROLLCALL_HOST=127.0.0.1,
ROLLCALL_PORT=0, ROLLCALL_REFLECTION=true, and ROLLCALL_LOG_FORMAT=pretty in a terminal.
Without ROLLCALL_REGISTRY, or with etcd://127.0.0.1:2379 in it, services register in the etcd there; where there is none,
the first rollcall dev has one, in memory, and the next takes over when it ends.

Exit codes: 0 ended by Ctrl-C, 1 failed, 2 wrong arguments or no registry, 130 ended by a second Ctrl-C.`;

/** `rollcall dev`: a service under watch. */
export function devCommand(terminal: Terminal, env: CliEnv): Command {
  const command = new Command("dev")
    .description("run a service with a registry, generate its contracts, and restart it when it changes")
    .argument("[entry]", `TypeScript or JavaScript file (default: ${defaultEntry})`)
    .argument("[command...]", "after --: what to run instead")
    .option("--registry <url>", "where to register (default: ROLLCALL_REGISTRY, else a shared one)")
    .addOption(
      new Option("--registry-port <port>", "where the shared registry is; 0 for one that is not shared")
        .argParser(argument(parsePort))
        .default(2379),
    )
    .option("--watch <path>", "restart for changes here too; repeatable", repeated(String))
    .option("--proto <dir>", "the folder of protos", "proto")
    .option("-o, --out <dir>", "the folder of generated modules", "src/gen")
    .option("-I, --proto-path <dir>", "where else to look for imported protos; repeatable", repeated(String))
    .option("--import-from <module>", "what generated code imports", "@rollcall/app")
    .option("--no-generate", "generate no contracts (default: when both folders exist)")
    .option("--stop-first", "stop the old process before the new one starts: both would want the same port")
    .addOption(
      new Option("--start-timeout <duration>", "how long a process may take until it serves")
        .argParser(argument(parseDuration))
        .default(20_000, "20s"),
    )
    .option("--json", "print events as lines of JSON; the service's output goes to standard error");
  return command
    .usage("[options] [entry] | -- <command...>")
    .addHelpText("after", examples)
    .action(async (_entry: string | undefined, _command: readonly string[], flags: DevFlags) => {
      await runDev(programOf(command), flags, terminal, env);
    });
}

/** commander does not tell what came after `--` from what came before. */
function programOf(command: Command): Program {
  const typed = command.parent?.args ?? [];
  const dashes = typed.indexOf("--");
  const words = dashes < 0 ? [] : typed.slice(dashes + 1);
  const before = command.args.slice(0, command.args.length - words.length);
  const cwd = process.cwd();
  if (dashes < 0 && before.length <= 1) return entryProgram(before[0] ?? defaultEntry, cwd);
  if (dashes < 0)
    throw new ConfigError(
      `one entry at a time, not ${before.length}; a command goes after --: rollcall dev -- ${before.join(" ")}`,
    );
  if (before.length > 0)
    throw new ConfigError(`entry ${before[0]} and a command after --: give one of the two`);
  if (words.length === 0) throw new ConfigError("no command after --, as in: rollcall dev -- npm start");
  return commandProgram(words, cwd);
}
