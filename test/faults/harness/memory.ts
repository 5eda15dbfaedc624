import { readFileSync, writeFileSync } from "node:fs";

/** What a process holds in memory, as the kernel counts it. Linux only. */
export interface Memory {
  readonly residentMb: number;
  /** The most since its start, or since `forgetPeak`. */
  readonly peakMb: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mb = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
  return { residentMb: mb("VmRSS"), peakMb: mb("VmHWM") };
}

/** Source: proc(5), /proc/pid/clear_refs: 5 resets the peak resident set size to what it is now. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}
