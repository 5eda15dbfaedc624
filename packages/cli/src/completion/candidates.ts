import type { Command } from "commander";
import type { WordContext } from "./word-context.js";

/** What the last word of a command line may become. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** What can stand on a command line unquoted; what a registry has otherwise is not offered. */
const plain = /^[\w./-]+$/;

/** Commands, options and values that the program itself knows, and that begin as the word does. */
export function ownCandidates(context: WordContext, current: string): readonly Candidate[] {
  return allOf(context).filter(({ word }) => word.startsWith(current));
}

/** Whether names of services can stand there. */
export function takesService(context: WordContext): context is Extract<WordContext, { kind: "word" }> {
  return context.kind === "word" && ["service", "method"].includes(context.argument?.name() ?? "");
}

/** Names of services that begin as the word does; the last parts of them where no full name does. */
export function serviceCandidates(names: readonly string[], current: string): readonly Candidate[] {
  const usable = [...new Set(names)].filter((name) => plain.test(name)).toSorted();
  const full = usable.filter((name) => name.startsWith(current));
  const found = full.length > 0 ? full : usable.map(lastPart).filter((name) => name.startsWith(current));
  return found.map((word) => ({ word, description: "" }));
}

function allOf(context: WordContext): readonly Candidate[] {
  if (context.kind === "value") return valuesOf(context.option.argChoices);
  if (context.kind === "option") return optionsOf(context.command);
  const { command, argument, first } = context;
  return [...(first ? commandsOf(command) : []), ...valuesOf(argument?.argChoices)];
}

function commandsOf(command: Command): readonly Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => ({ word: each.name(), description: each.description() }));
}

function optionsOf(command: Command): readonly Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map(({ long, short, description }) => ({ word: long ?? short ?? "", description }));
}

function valuesOf(choices: readonly string[] | undefined): readonly Candidate[] {
  return (choices ?? []).map((word) => ({ word, description: "" }));
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
