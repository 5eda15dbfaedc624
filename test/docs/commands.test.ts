import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { processEnv } from "../../packages/cli/src/cli-env.js";
import { createProgram } from "../../packages/cli/src/program.js";
import type { Terminal } from "../../packages/cli/src/terminal.js";
import { codeBlocks, pages, root } from "./pages.js";
import { shellCommands } from "./shell-words.js";

const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  scripts: Readonly<Record<string, string>>;
};
/** What pnpm does itself. */
const ofPnpm = ["install", "run"];

const commands = pages()
  .flatMap(codeBlocks)
  .filter(({ language }) => language === "sh")
  .flatMap(({ page, line, code }) =>
    shellCommands(code).map((words) => ({ at: `${page}:${line}`, words, text: words.join(" ") })),
  );

/** The arguments of `rollcall`, however the page starts it. */
function argumentsOf(words: readonly string[]): readonly string[] | undefined {
  const [, rest] = /^(?:npx -y pnpm@12 |npx )?rollcall(?: |$)(.*)/.exec(words.join(" ")) ?? [];
  return rest === undefined ? undefined : words.slice(words.indexOf("rollcall") + 1);
}

/** The command line as it is, with commands that do nothing; and what commander says of its arguments. */
async function parse(args: readonly string[]): Promise<void> {
  const errors: string[] = [];
  const terminal: Terminal = { color: false, out: () => {}, err: (line) => void errors.push(line) };
  const program = createProgram(terminal, processEnv());
  const disarm = (command: typeof program): void => {
    if (command.commands.length === 0) command.action(() => {});
    for (const each of command.commands) disarm(each);
  };
  disarm(program);
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    throw new Error(errors.join("\n") || String(error), { cause: error });
  }
}

describe("the commands of the pages", () => {
  const ours = commands.filter(({ words }) => argumentsOf(words));

  it("are there to be checked", () => {
    expect(ours.length).toBeGreaterThan(30);
  });

  it.each(ours)("$at: $text", async ({ words }) => {
    await expect(parse(argumentsOf(words) ?? [])).resolves.toBeUndefined();
  });

  it("name scripts of the repository that there are", () => {
    const named = commands.flatMap(({ at, text }) => {
      const [, first, second] = /^npx -y pnpm@12 (\S+)(?: (\S+))?/.exec(text) ?? [];
      const script = first === "run" ? second : first;
      return script === undefined || ofPnpm.includes(script) || script in scripts ? [] : [`${at}: ${script}`];
    });
    expect(named).toEqual([]);
  });

  it("would be refused if they were wrong", async () => {
    await expect(parse(["rollout", "begin", "orders"])).rejects.toThrow();
    await expect(parse(["weight", "orders", "--procent", "5"])).rejects.toThrow("unknown option");
    await expect(parse(["weight", "orders", "--percent", "101"])).rejects.toThrow("percent");
  });
});
