import { ServerReflection } from "@rollcall/core";
import { contractOf, type ContractFlags } from "../contract/contract-flags.js";
import type { ContractSource, DescribedMethod, DescribedService } from "../contract/contract-source.js";
import { nearest } from "../contract/nearest.js";
import { reflectionServer } from "../contract/reflection-server.js";
import { reflectionSource } from "../contract/reflection-source.js";
import type { Report } from "../output/report.js";
import type { Destination } from "./destination.js";
import { plainTarget, resolveTarget, type CallTarget } from "./target.js";

/** What a user's words stand for: a method, or a service as a whole. */
export interface FoundMethod {
  readonly service: DescribedService;
  readonly method: DescribedMethod | undefined;
}

export interface CalledMethod extends FoundMethod {
  readonly method: DescribedMethod;
}

/**
 * What the words stand for in the contract that the flags name; undefined when they name none.
 * @throws ConfigError when there is no such service or method, or no such contract
 */
export async function findInSource(text: string, flags: ContractFlags): Promise<FoundMethod | undefined> {
  await using source = await contractOf(flags);
  if (!source) return undefined;
  return await describe(resolveTarget(text, await source.services(), source.description), source);
}

/**
 * What the words stand for where the call goes, by the word of the servers there. One that is named in full is waited for.
 * @throws ConfigError when there is no such service or method
 * @throws ExitError when no server says
 */
export async function findByReflection(
  text: string,
  destination: Destination,
  env: {
    readonly report: Pick<Report, "warn">;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  },
): Promise<FoundMethod> {
  const sourceOf = (service: string, target: string): ContractSource =>
    reflectionSource(
      reflectionServer({
        ...env,
        service,
        target,
        connect: (contract) => destination.connect(contract),
      }),
    );
  const plain = plainTarget(text);
  const { description } = destination;
  const registered = await destination.services();
  let target: CallTarget;
  if (registered) {
    const isAwaited = plain !== undefined && !registered.includes(plain.service);
    if (isAwaited)
      env.report.warn(
        `no instance of ${plain.service} is registered${registered.length > 0 ? `; ${nearest(plain.service, registered)}` : ""}; waiting for one`,
      );
    target = isAwaited ? plain : resolveTarget(text, registered, description);
  } else if (plain) target = plain;
  else {
    await using server = sourceOf(ServerReflection.name, description);
    target = resolveTarget(text, await server.services(), description);
  }
  await using source = sourceOf(target.service, registered ? target.service : description);
  return await describe(target, source);
}

async function describe({ service: name, method }: CallTarget, source: ContractSource): Promise<FoundMethod> {
  const service = await source.service(name);
  return { service, method: method === undefined ? undefined : service.method(method) };
}
