import { Command } from "commander";
import { generate, type GenerateResult } from "../generate/generate.js";
import { toJson } from "../output/printable.js";
import type { Terminal } from "../terminal.js";
import { CommandFailure } from "./command-failure.js";

interface GenerateFlags {
  readonly out: string;
  readonly protoPath?: readonly string[];
  readonly importFrom: string;
  readonly check?: boolean;
  readonly json?: boolean;
}

const examples = `
Examples:
  rollcall generate proto/shop.proto --out src/gen
  rollcall generate proto --out src/gen                      all protos below proto/
  rollcall generate shop/v1/shop.proto -I proto -I vendor --out src/gen
  rollcall generate proto --out src/gen --check              in CI: fails when src/gen is out of date

Exit codes: 0 done, 1 a proto is invalid or --check found differences, 2 wrong arguments.`;

/** `rollcall generate`: TypeScript contracts from protos. */
export function generateCommand(terminal: Terminal): Command {
  return new Command("generate")
    .description("write a TypeScript module per proto: message types and service contracts")
    .argument("<protos...>", "proto files, directories of them, or names below a --proto-path")
    .requiredOption("-o, --out <dir>", "directory to write modules below")
    .option(
      "-I, --proto-path <dir>",
      "where to look for protos and imports; repeatable (default: the directory all protos share)",
      (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
    )
    .option(
      "--import-from <module>",
      "what generated code imports; a path that starts with . is taken from --out",
      "@rollcall/app",
    )
    .option("--check", "write nothing; exit 1 if a module is missing or differs")
    .option("--json", "print what was written, or with --check would be, as one line of JSON")
    .addHelpText("after", examples)
    .action(async (protos: string[], flags: GenerateFlags) => {
      const { out, importFrom, check } = flags;
      const result = await generate({ protos, out, protoPaths: flags.protoPath, importFrom, check });
      if (flags.json) terminal.out(toJson({ out, ...result }));
      if (check) failOnDifferences(out, result);
      if (flags.json) return;
      const written = result.missing.length + result.changed.length;
      const count = result.modules.length;
      const modules = count === 1 ? "1 module" : `${count} modules`;
      terminal.out(check ? `${modules} in ${out} up to date` : `${modules} in ${out}, ${written} written`);
    });
}

function failOnDifferences(out: string, { missing, changed }: GenerateResult): void {
  if (missing.length + changed.length === 0) return;
  const lines = [
    ...missing.map((each) => `${out}/${each}: missing`),
    ...changed.map((each) => `${out}/${each}: differs`),
    "run the same command without --check to update",
  ];
  throw new CommandFailure(lines.join("\n"));
}
