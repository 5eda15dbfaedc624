import { createClient } from "@rollcall/app";
import { EtcdServer } from "@rollcall/testing";
import { Echo } from "../gen/bench/v1/echo.js";
import { Side } from "../processes/side.js";
import { siblingOf } from "../processes/sibling.js";
import { warnings as logger } from "../processes/warnings.js";
import type { InstanceOrder } from "./orders.js";

/**
 * Milliseconds from the moment in which an instance asks the registry to publish it, the only one of its service, to the
 * answer of a call that waited for it: the registry, the watch, the connection and the call.
 */
export async function measureDiscovery(times: number, signal?: AbortSignal): Promise<readonly number[]> {
  await using stack = new AsyncDisposableStack();
  const { url } = stack.use(await EtcdServer.start());
  const side = stack.use(Side.node("an instance", siblingOf(import.meta.url, "instance-process")));
  const client = stack.use(createClient(Echo, { registry: url, timeoutMs: 30_000, logger }));
  const took: number[] = [];
  for (let n = 0; n < times; n++) {
    const answered = client.say({}).then(() => process.hrtime.bigint());
    const start: InstanceOrder = { do: "start", registry: url, apps: 1 };
    const [answeredNs, registeredNs] = await Promise.all([answered, side.tell<string>(start, signal)]);
    // One clock for all processes of a machine.
    took.push(Number(answeredNs - BigInt(registeredNs)) / 1e6);
    await side.tell({ do: "leave" } satisfies InstanceOrder, signal);
  }
  return took;
}
