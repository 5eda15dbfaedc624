import type { Command } from "commander";
import type { CliEnv } from "../cli-env.js";
import type { Terminal } from "../terminal.js";

/** Makes one subcommand. Its action throws `ExitError` or `CommandFailure` to end with another exit code than 0. */
export type CommandFactory = (terminal: Terminal, env: CliEnv) => Command;
