import { Command } from "commander";
import type { CliEnv } from "../cli-env.js";
import type { Terminal } from "../terminal.js";
import { rolloutChangeCommands } from "./rollout-change.js";
import { rolloutStartCommand } from "./rollout-start.js";
import { rolloutStatusCommand } from "./rollout-status.js";

const examples = `
Examples:
  rollcall rollout start orders --to 1.5.0 --steps 1,5,25,50,100 --interval 60s --max-error-rate 1%
  rollcall rollout status orders --watch
  rollcall rollout abort orders --reason "wrong prices"

These commands write what is wanted; the services themselves carry it out: one of them watches the error rates and
takes the steps, so nothing here has to stay connected.`;

/** `rollcall rollout`: releases in steps. */
export function rolloutCommand(terminal: Terminal, env: CliEnv): Command {
  const command = new Command("rollout")
    .description("release a version in steps, each only while its calls succeed as the old version's do")
    .addHelpText("after", examples);
  const create = [rolloutStartCommand, rolloutStatusCommand, ...rolloutChangeCommands];
  for (const each of create) command.addCommand(each(terminal, env));
  return command;
}
