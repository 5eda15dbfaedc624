import type { Argument, Command, Option } from "commander";

/** What the last word of a command line is. */
export type WordContext =
  | { readonly kind: "option"; readonly command: Command }
  | { readonly kind: "value"; readonly option: Option }
  /** An argument; as the first one, a subcommand too. */
  | {
      readonly kind: "word";
      readonly command: Command;
      readonly first: boolean;
      readonly argument: Argument | undefined;
    };

/**
 * Reads a command line as far as it has been typed.
 * @param words what follows the program's name, the last one unfinished, maybe empty
 */
export function contextOf(program: Command, words: readonly string[]): WordContext {
  const current = words.at(-1) ?? "";
  let command = program;
  let taken = 0;
  let due: Option | undefined;
  let onlyArguments = false;
  for (const word of words.slice(0, -1)) {
    if (due) due = undefined;
    else if (onlyArguments) taken++;
    else if (word === "--") onlyArguments = true;
    else if (word.startsWith("-") && word !== "-") {
      const option = optionNamed(command, word);
      // `--option=value` has its value.
      if (option && takesValue(option) && !word.includes("=")) due = option;
    } else {
      const next = taken === 0 ? command.commands.find((each) => each.name() === word) : undefined;
      if (next) command = next;
      else taken++;
    }
  }
  if (due) return { kind: "value", option: due };
  if (current.startsWith("-") && !onlyArguments) return { kind: "option", command };
  const all = command.registeredArguments;
  const last = all.at(-1);
  const first = taken === 0 && !onlyArguments;
  return { kind: "word", command, first, argument: all[taken] ?? (last?.variadic ? last : undefined) };
}

/** The value that was given to an option before the last word. */
export function valueOf(words: readonly string[], flag: string): string | undefined {
  const at = words.lastIndexOf(flag, -2);
  if (at >= 0) return words[at + 1];
  return words.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1);
}

function optionNamed(command: Command, word: string): Option | undefined {
  const name = word.split("=", 1)[0];
  return command.options.find((option) => option.long === name || option.short === name);
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}
