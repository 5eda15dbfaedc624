import path from "node:path";
import { ConfigError } from "@rollcall/core";
import { generate } from "../generate/generate.js";
import { GenerateError } from "../generate/problem.js";
import type { DevEvent } from "./events.js";
import { relativeBelow } from "./watched-paths.js";

export interface ContractOptions {
  /** The folder of protos. */
  readonly proto: string;
  /** The folder of generated modules. */
  readonly out: string;
  readonly protoPath?: readonly string[] | undefined;
  readonly importFrom: string;
  readonly cwd: string;
}

/** The contracts that are generated from a project's protos, as `rollcall generate` does. */
export class Contracts {
  readonly #options: ContractOptions;
  readonly #report: (event: DevEvent) => void;

  constructor(options: ContractOptions, report: (event: DevEvent) => void) {
    this.#options = options;
    this.#report = report;
  }

  /** Whether contracts come from this file. */
  comeFrom(file: string): boolean {
    const { proto, protoPath = [], cwd } = this.#options;
    const folders = [proto, ...protoPath].map((each) => path.resolve(cwd, each));
    return file.endsWith(".proto") && folders.some((each) => relativeBelow(each, file) !== undefined);
  }

  /** Generates what is out of date. Returns the files it wrote; none when the protos are not valid, which it reports. */
  async update(): Promise<readonly string[]> {
    const { proto, out, protoPath, importFrom, cwd } = this.#options;
    try {
      const { missing, changed } = await generate({
        protos: [proto],
        out,
        protoPaths: protoPath?.length ? [proto, ...protoPath] : undefined,
        importFrom,
        cwd,
      });
      const modules = [...missing, ...changed];
      if (modules.length > 0) this.#report({ event: "generated", out, modules });
      return modules.map((module) => path.resolve(cwd, out, module));
    } catch (error) {
      if (!(error instanceof GenerateError || error instanceof ConfigError)) throw error;
      this.#report({ event: "not-generated", problems: error.message.split("\n") });
      return [];
    }
  }
}
