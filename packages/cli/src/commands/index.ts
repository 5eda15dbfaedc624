import type { Command } from "commander";
import type { CliEnv } from "../cli-env.js";
import type { Terminal } from "../terminal.js";
import { etcdCommand } from "./etcd.js";
import { generateCommand } from "./generate.js";
import { logCommand } from "./log.js";
import { lsCommand } from "./ls.js";
import { weightCommand } from "./weight.js";

/** Makes one subcommand. Its action throws `ExitError` or `CommandFailure` to end with another exit code than 0. */
export type CommandFactory = (terminal: Terminal, env: CliEnv) => Command;

/** The subcommands of `rollcall`, in the order of its help. */
export const commands: readonly CommandFactory[] = [
  generateCommand,
  lsCommand,
  weightCommand,
  logCommand,
  etcdCommand,
];
