import { Command } from "commander";
import type { CliEnv } from "../cli-env.js";
import { ownCandidates, serviceCandidates, takesService, type Candidate } from "../completion/candidates.js";
import { registeredNames } from "../completion/registered-names.js";
import { scripts, shells } from "../completion/scripts.js";
import { contextOf, valueOf } from "../completion/word-context.js";
import { printable } from "../output/printable.js";
import type { Terminal } from "../terminal.js";

const examples = `
Examples:
  source <(rollcall completion bash)           in ~/.bashrc
  source <(rollcall completion zsh)            in ~/.zshrc, behind compinit
  rollcall completion fish | source            in ~/.config/fish/config.fish

Commands and options are completed, and names of services when the registry (ROLLCALL_REGISTRY, or --registry on the
line) answers within half a second.`;

/** `rollcall completion`: scripts for shells, and what these ask. */
export function completionCommand(terminal: Terminal, env: CliEnv): Command {
  const command = new Command("completion")
    .description("print a script that completes commands, options and services in a shell")
    .addHelpText("after", examples);
  for (const shell of shells)
    command.addCommand(
      new Command(shell)
        .description(`print the script for ${shell}`)
        .action(() => terminal.out(scripts[shell])),
    );
  const words = new Command("words")
    .description("print what the last of some words may become, one a line: for the scripts")
    .argument("[words...]", "what follows the program's name; the last one is unfinished")
    .action(async (given: readonly string[]) => {
      const program = command.parent ?? command;
      for (const { word, description } of await candidatesFor(program, given, env))
        terminal.out(printable(word) + (description ? `\t${printable(description)}` : ""));
    });
  command.addCommand(words, { hidden: true });
  return command;
}

async function candidatesFor(
  program: Command,
  words: readonly string[],
  env: CliEnv,
): Promise<readonly Candidate[]> {
  const current = words.at(-1) ?? "";
  const context = contextOf(program, words);
  const own = ownCandidates(context, current);
  if (!takesService(context)) return own;
  const { services, apps } = await registeredNames(valueOf(words, "--registry"), env);
  // A call goes to one service, whatever its app.
  const names = context.argument?.name() === "method" ? services : [...services, ...apps];
  return [...own, ...serviceCandidates(names, current)];
}
