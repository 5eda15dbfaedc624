import { setTimeout as sleep } from "node:timers/promises";
import { memoryUsage } from "node:process";

/** What a process holds while it does nothing. */
export interface Memory {
  readonly rssBytes: number;
  readonly heapBytes: number;
}

/** What is still there after a while and a collection; needs `--expose-gc`. */
export async function idleMemory(): Promise<Memory> {
  await sleep(2_000);
  for (let n = 0; n < 3; n++) {
    globalThis.gc!();
    await sleep(100);
  }
  const { rss, heapUsed, external } = memoryUsage();
  return { rssBytes: rss, heapBytes: heapUsed + external };
}
