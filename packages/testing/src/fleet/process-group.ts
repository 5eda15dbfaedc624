import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const lookEveryMs = 50;

/** Resolves when every process of a group has ended. One that has, and whose new parent has not asked for its code, counts. */
export async function untilGroupGone(leader: number): Promise<void> {
  while (hasMembers(leader)) await sleep(lookEveryMs);
}

function hasMembers(leader: number): boolean {
  try {
    process.kill(-leader, 0);
  } catch {
    return false;
  }
  if (!existsSync("/proc/self/stat")) return true;
  return readdirSync("/proc").some((name) => /^\d+$/.test(name) && isMember(`/proc/${name}/stat`, leader));
}

function isMember(stat: string, leader: number): boolean {
  try {
    // After the name, which stands in parentheses and may hold any character: state, parent, group.
    const [state = "", , group] = readFileSync(stat, "utf8").split(") ").at(-1)!.split(" ");
    return Number(group) === leader && !"ZX".includes(state);
  } catch {
    // It has ended meanwhile.
    return false;
  }
}
