import { existsSync, readdirSync, readFileSync } from "node:fs";
import { systemClock } from "@rollcall/core";

/**
 * Resolves when every thread of a process has taken its SIGSTOP. One thread takes the signal and tells the others, so on a
 * busy machine they may run, and answer, for a while after it was sent. Where there is no /proc it resolves at once.
 */
export async function untilStopped(pid: number): Promise<void> {
  const folder = `/proc/${pid}/task`;
  while (existsSync(folder) && !readdirSync(folder).every((thread) => isStopped(`${folder}/${thread}/stat`)))
    await systemClock.sleep(1);
}

function isStopped(stat: string): boolean {
  try {
    // The state follows the name, which stands in parentheses and may hold any character.
    const [state = ""] = readFileSync(stat, "utf8").split(") ").at(-1) ?? "";
    return "TtZX".includes(state);
  } catch {
    // The thread has ended.
    return true;
  }
}
