import type { Command } from "commander";
import type { CliEnv } from "../cli-env.js";
import type { Author } from "@rollcall/app/rollout";

/** Flags of every command that writes. */
export interface ChangeFlags {
  readonly reason?: string | undefined;
  readonly by?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** Adds `--reason`, `--by`, `--dry-run` and `--json`. */
export function withChangeFlags(command: Command): Command {
  return command
    .option("--reason <text>", "why, for the log")
    .option("--by <name>", "who, for the log (default: user@host)")
    .option("--dry-run", "show what would change, and write nothing")
    .option("--json", "print the outcome as one line of JSON");
}

/** Who makes a change now, and why if that was said. */
export function authorOf({ by, reason }: ChangeFlags, env: CliEnv): Author {
  return { by: by ?? env.user, reason, at: Math.round(env.clock.now()) };
}
