import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@rollcall/app";
import { EtcdServer } from "@rollcall/testing";
import { Echo } from "../gen/bench/v1/echo.js";
import { Side } from "../processes/side.js";
import { siblingOf } from "../processes/sibling.js";
import { warnings as logger } from "../processes/warnings.js";
import type { InstanceOrder } from "./orders.js";

/** What callers saw of a stop. */
export interface StopTimes {
  /** From SIGTERM to the begin of the last call that the instance answered, per stop, in milliseconds; negative: before it. */
  readonly lastPickMs: readonly number[];
  readonly calls: number;
  readonly failed: number;
}

const callers = 16;

/** Stops one of three instances after the other, each replaced, under calls that never pause. */
export async function measureStops(times: number, signal?: AbortSignal): Promise<StopTimes> {
  await using stack = new AsyncDisposableStack();
  const { url } = stack.use(await EtcdServer.start());
  const client = stack.use(createClient(Echo, { registry: url, logger }));
  const lastBegun = new Map<string, number>();
  let [calls, failed, over] = [0, 0, false];
  const call = async (): Promise<void> => {
    while (!over) {
      const begun = performance.now();
      try {
        const { text } = await client.say({});
        lastBegun.set(text, Math.max(begun, lastBegun.get(text) ?? 0));
      } catch {
        failed++;
      }
      calls++;
    }
  };
  const start = async (): Promise<Instance> => {
    const side = stack.use(Side.node("an instance", siblingOf(import.meta.url, "instance-process")));
    return {
      side,
      pid: await side.tell<string>({ do: "run", registry: url } satisfies InstanceOrder, signal),
    };
  };
  const answered = async (pid: string): Promise<void> => {
    while (!lastBegun.has(pid)) await sleep(20, undefined, { signal });
  };

  const instances = [await start(), await start(), await start()];
  const load = Promise.all(Array.from({ length: callers }, call));
  try {
    for (const { pid } of instances) await answered(pid);
    const lastPickMs: number[] = [];
    for (let n = 0; n < times; n++) {
      const { side, pid } = instances.shift()!;
      // Calls go to all by now, also to the one that started last.
      await sleep(200, undefined, { signal });
      const stoppedAt = performance.now();
      await side.end("SIGTERM");
      lastPickMs.push(lastBegun.get(pid)! - stoppedAt);
      const next = await start();
      await answered(next.pid);
      instances.push(next);
    }
    return { lastPickMs, calls, failed };
  } finally {
    over = true;
    await load;
  }
}

interface Instance {
  readonly side: Side;
  readonly pid: string;
}
