import { createClient } from "@rollcall/app";
import { pino, type Logger } from "pino";
import { contractOf, type ContractFlags } from "../contract/contract-flags.js";
import type { ContractSource } from "../contract/contract-source.js";
import { reflectionServer } from "../contract/reflection-server.js";
import { reflectionSource } from "../contract/reflection-source.js";

const reflectionTimeoutMs = 5000;

/** Clients log to standard output unless told otherwise, where the result goes. */
export const noLog: Logger = pino({ level: "silent" });

/**
 * Where the instances' contracts are told: what the flags name, or else the instances themselves.
 * @param services what they registered; at least one
 */
export async function contractsOf(
  services: readonly string[],
  flags: ContractFlags,
  registryUrl: string,
): Promise<ContractSource> {
  const [service = ""] = services;
  return (
    (await contractOf(flags)) ??
    reflectionSource(
      reflectionServer({
        service,
        target: service,
        connect: (contract) => createClient(contract, { registry: registryUrl, logger: noLog }),
        timeoutMs: reflectionTimeoutMs,
      }),
    )
  );
}
