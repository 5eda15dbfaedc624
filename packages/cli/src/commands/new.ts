import { createRequire } from "node:module";
import path from "node:path";
import { Command, Option } from "commander";
import type { CliEnv } from "../cli-env.js";
import { interruptible } from "../interruptible.js";
import { createProject, type Project } from "../new/create-project.js";
import { install } from "../new/install.js";
import { packageManagerFor, packageManagerNames, type PackageManager } from "../new/package-manager.js";
import { projectNames } from "../new/project-names.js";
import { findTarballs } from "../new/tarballs.js";
import { printable, toJson } from "../output/printable.js";
import { reportOn, type Report } from "../output/report.js";
import type { Terminal } from "../terminal.js";

const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };

interface NewFlags {
  readonly directory?: string;
  readonly packages?: string;
  readonly packageManager?: PackageManager["name"];
  readonly install?: boolean;
  readonly git: boolean;
  readonly json?: boolean;
}

const examples = `
Examples:
  rollcall new orders                           a service orders.v1.Orders in ./orders
  npm create rollcall@latest orders             the same, with nothing installed before
  rollcall new order-book --directory . --install
  rollcall new orders --packages ../tarballs    without a registry for Rollcall's own packages

The project has a proto and its contract, a service, a client, tests in one process and over ports, a simulated deploy,
a Dockerfile, docker-compose.yml, Kubernetes manifests and a workflow for CI. Its README has every command.
Nothing is installed unless --install asks for it, so that it is there at once, without a network.

Exit codes: 0 done, 1 the folder is not empty or cannot be written, or --install failed, 2 wrong arguments,
130 interrupted.`;

/** `rollcall new`: a complete service to begin with. */
export function newCommand(terminal: Terminal, env: CliEnv): Command {
  return new Command("new")
    .description("write a new service: contract, code, tests, container, Kubernetes, CI")
    .argument("<name>", "lower-case letters, digits and hyphens: orders, order-book")
    .option("--directory <path>", "where to write it; new or empty (default: ./<name>)")
    .option(
      "--packages <folder>",
      "take Rollcall from the .tgz files in a folder; they are copied into the project",
    )
    .addOption(
      new Option(
        "--package-manager <name>",
        "whose commands it has (default: the one that runs this, else npm)",
      ).choices(packageManagerNames),
    )
    .option("--install", "install its packages")
    .option("--no-git", "make no git repository")
    .option("--json", "print the result as one line of JSON")
    .addHelpText("after", examples)
    .action(async (name: string, flags: NewFlags) => {
      const names = projectNames(name);
      const manager = packageManagerFor(flags.packageManager, env.variables);
      const directory = path.resolve(flags.directory ?? names.name);
      const tarballs = flags.packages === undefined ? undefined : await findTarballs(flags.packages);
      const project = await interruptible(
        env,
        (signal) => createProject({ names, directory, manager, version, tarballs, git: flags.git, signal }),
        { outcome: "interrupted: nothing was written" },
      );
      if (flags.install) await install(directory, manager);
      const result = {
        name: names.name,
        service: `${names.package}.v1.${names.service}`,
        directory,
        ...project,
        installed: flags.install === true,
        next: nextCommands(directory, manager, flags),
      };
      const report = reportOn(terminal, flags);
      if (report.json) report.out(toJson(result));
      else showProject(report, result);
    });
}

function nextCommands(directory: string, manager: PackageManager, flags: NewFlags): readonly string[] {
  const relative = path.relative(process.cwd(), directory);
  return [
    ...(relative === "" ? [] : [`cd ${shellWord(relative)}`]),
    ...(flags.install ? [] : [manager.install]),
    `${manager.run} test`,
    `${manager.run} dev`,
  ];
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function showProject(
  { out, paint }: Report,
  {
    service,
    directory,
    files,
    repository,
    next,
  }: Project & Readonly<{ service: string; directory: string; next: readonly string[] }>,
): void {
  const git = repository === "made" ? ", in a git repository without commits" : "";
  out(`${paint("bold", service)} in ${printable(directory)}: ${files.length} files${git}`);
  out("");
  for (const command of next) out(`  ${paint("cyan", printable(command))}`);
  out("");
  out("Its README.md has the rest: calling it, the drill, containers, Kubernetes.");
}
