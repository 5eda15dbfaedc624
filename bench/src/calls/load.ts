import type { Caller } from "./kind.js";
import type { Load } from "./messages.js";

const mostLatencies = 1 << 20;
const latencies = new Float64Array(mostLatencies);

/** Keeps `concurrency` calls under way for `ms`; a call that fails or answers something else ends the benchmark. */
export async function load(caller: Caller, concurrency: number, bytes: number, ms: number): Promise<Load> {
  const text = "x".repeat(bytes);
  let calls = 0;
  const begun = performance.now();
  const end = begun + ms;
  const worker = async (): Promise<void> => {
    for (let now = performance.now(); now < end;) {
      const answer = await caller.call(text);
      const after = performance.now();
      if (answer.length !== bytes) throw new Error(`${answer.length} characters came back of ${bytes}`);
      latencies[calls++ % mostLatencies] = after - now;
      now = after;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - begun) / 1000;
  const sorted = latencies.subarray(0, Math.min(calls, mostLatencies)).slice().sort();
  const at = (share: number): number =>
    Math.round(1000 * (sorted[Math.floor(sorted.length * share)] ?? Number.NaN));
  return { calls, seconds, p50Us: at(0.5), p99Us: at(0.99) };
}
