import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { ConfigError } from "@rollcall/core";
import type { ProcessCommand } from "@rollcall/testing/fleet";

/** What is run, and where its sources are. */
export interface Program {
  /** For people. */
  readonly name: string;
  readonly command: ProcessCommand;
  /** The folder that is watched. */
  readonly sources: string;
  /** Whether it may stand behind a program that passes no IPC on, as `npm start` does. */
  readonly wrapped: boolean;
}

export const defaultEntry = "src/main.ts";

const typeScript = /\.[cm]?tsx?$/;
const javaScript = /\.[cm]?js$/;

/**
 * The program of an entry: TypeScript is compiled as it is loaded, with the decorators of the `tsconfig.json` beside or above
 * it.
 * @throws ConfigError for what is no file, or neither TypeScript nor JavaScript
 */
export function entryProgram(entry: string, cwd: string): Program {
  const file = path.resolve(cwd, entry);
  if (!existsSync(file))
    throw new ConfigError(
      `no file ${entry} in ${cwd}; name the service's own: rollcall dev src/service.ts, or rollcall dev -- <command>`,
    );
  if (!statSync(file).isFile()) throw new ConfigError(`${entry} is not a file; name the one that starts it`);
  if (!typeScript.test(file) && !javaScript.test(file))
    throw new ConfigError(
      `${entry} is neither TypeScript nor JavaScript; run other programs by rollcall dev -- <command>`,
    );
  // From here, so that a project needs no loader of its own.
  const loader = typeScript.test(file) ? ["--import", import.meta.resolve("#ts-loader")] : [];
  return {
    name: entry,
    command: { args: ["--enable-source-maps", ...loader, file], cwd },
    sources: path.dirname(file),
    wrapped: false,
  };
}

/** The program of a command as a shell would run it; its sources are in `src` where there is such a folder. */
export function commandProgram(words: readonly string[], cwd: string): Program {
  const [file = "", ...args] = words;
  const src = path.join(cwd, "src");
  return {
    name: words.join(" "),
    command: { file, args, cwd },
    sources: existsSync(src) ? src : cwd,
    wrapped: true,
  };
}
