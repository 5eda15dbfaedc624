import { createRequire } from "node:module";
import { ConfigError } from "@rollcall/core";
import { Command, CommanderError } from "commander";
import { processEnv, type CliEnv } from "./cli-env.js";
import { CommandFailure } from "./commands/command-failure.js";
import { commands } from "./commands/index.js";
import { ExitError } from "./exit-code.js";
import { GenerateError } from "./generate/problem.js";
import { printableLines } from "./output/printable.js";
import type { Terminal } from "./terminal.js";

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

const examples = `
Examples:
  rollcall new orders                             a service, with tests, container and CI
  rollcall dev                                    runs it, with a registry, and again when it changes
  rollcall call Orders/Get '{"id": "1"}'          calls it
  rollcall drill -- node dist/main.js             restarts, kills and hangs it under load
  rollcall weight orders --version 1.5.0 --percent 5

Each command has --help with examples and its exit codes. Variables: ROLLCALL_REGISTRY, ROLLCALL_TLS_*, NO_COLOR.`;

/**
 * Runs `rollcall` once.
 * @param args what follows the program's name
 * @returns the exit code, one of `ExitCode`; never throws for an error of the user
 */
export async function run(
  args: readonly string[],
  terminal: Terminal,
  env: CliEnv = processEnv(),
): Promise<number> {
  try {
    await createProgram(terminal, env).parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    return report(error, terminal);
  }
}

/** The command line: what `run` parses with. */
export function createProgram(terminal: Terminal, env: CliEnv): Command {
  const program = new Command("rollcall")
    .description("gRPC services in TypeScript in which a deploy never drops a call")
    .version(version)
    // So that `--version` after a command is the command's own.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    })
    .showHelpAfterError("(--help shows all arguments)");
  program.addHelpText("after", examples);
  for (const create of commands) program.addCommand(inherit(create(terminal, env), program));
  return program;
}

function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command;
}

function report(error: unknown, terminal: Terminal): number {
  // commander has written its message already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CommandFailure) {
    terminal.err(error.message);
    return error.exitCode;
  }
  if (error instanceof GenerateError) {
    // As compilers write them, so that editors find the place.
    terminal.err(error.message);
    return 1;
  }
  const prefix = terminal.color ? "\u001b[31merror:\u001b[39m" : "error:";
  if (error instanceof ConfigError) {
    terminal.err(`${prefix} ${printableLines(error.message)}`);
    return 2;
  }
  // Its exit code says it all.
  if (error instanceof ExitError && error.message === "") return error.exitCode;
  terminal.err(`${prefix} ${printableLines(error instanceof Error ? error.message : String(error))}`);
  return error instanceof ExitError ? error.exitCode : 1;
}
