import { ConfigError } from "@rollcall/core";
import type { Command } from "commander";
import { repeated } from "../argument.js";
import type { ContractSource } from "./contract-source.js";
import { moduleSource } from "./module-source.js";
import { protoSource } from "./proto-source.js";

/** Flags of every command that has to know a contract. */
export interface ContractFlags {
  readonly proto?: readonly string[] | undefined;
  readonly import?: readonly string[] | undefined;
  readonly contract?: string | undefined;
}

/** Adds `--proto`, `--import` and `--contract`. */
export function withContractFlags(command: Command): Command {
  const text = repeated((each: string) => each);
  return command
    .option("--proto <path>", "a proto that has the service, or a directory of them; repeatable", text)
    .option(
      "-I, --import <dir>",
      "where to look for protos and their imports; repeatable (default: the directory all protos share)",
      text,
    )
    .option("--contract <module>", "a module that rollcall generate wrote: dist/gen/shop.js");
}

/**
 * The source of contracts that the flags name; undefined when they name none, which leaves server reflection.
 * @throws ConfigError for flags that contradict each other, and as the sources do
 */
export async function contractOf(flags: ContractFlags): Promise<ContractSource | undefined> {
  const { proto, import: protoPaths, contract } = flags;
  if (proto && contract !== undefined) throw new ConfigError("give --proto or --contract, not both");
  if (protoPaths && !proto)
    throw new ConfigError("--import says where protos are: give the proto with --proto");
  if (proto) return protoSource({ protos: proto, protoPaths });
  return contract === undefined ? undefined : moduleSource(contract);
}
