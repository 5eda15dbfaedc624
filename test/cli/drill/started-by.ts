import { readdirSync, readFileSync } from "node:fs";

export interface Started {
  readonly pid: number;
  isAlive(): boolean;
}

/** The processes that a process has started, those of these included. */
export function startedBy(parent: number): readonly Started[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    const found = Number.isInteger(pid) ? parentOf(pid) : undefined;
    if (found !== undefined) parents.set(pid, found);
  }
  const below = (of: number): readonly number[] =>
    Array.from(parents)
      .filter(([, its]) => its === of)
      .flatMap(([pid]) => [pid, ...below(pid)]);
  return below(parent).map((pid) => ({ pid, isAlive: () => parentOf(pid) !== undefined }));
}

/** Undefined for one that has gone. */
function parentOf(pid: number): number | undefined {
  try {
    // pid (name) state parent; a name may have spaces and brackets.
    const [state, its] = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return state === "Z" ? undefined : Number(its);
  } catch {
    return undefined;
  }
}
