import { spawn, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { untilGroupGone } from "./process-group.js";

const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const alive = new Set<ChildProcess>();

/** With what they started: each leads a process group of its own. */
function killAll(): void {
  for (const child of alive) killGroup(child);
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid) process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has gone.
    child.kill("SIGKILL");
  }
}

/** Node ends at a signal without its `exit` event when nobody listens, so we have to listen; who else listens decides. */
function interrupted(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  killAll();
  stopWatching();
  process.kill(process.pid, signal);
}

function watch(): void {
  process.on("exit", killAll);
  for (const signal of endings) process.on(signal, interrupted);
}

function stopWatching(): void {
  process.off("exit", killAll);
  for (const signal of endings) process.off(signal, interrupted);
}

/**
 * Sees to it that a child does not outlive this process: when this one exits, or is ended by SIGINT, SIGTERM or SIGHUP
 * while nothing else handles the signal, the child gets SIGKILL. A process that handles these signals itself must
 * dispose of its fleet.
 * @param options.group until all that the child started has ended too
 */
export function ownChild(child: ChildProcess, { group = false }: { readonly group?: boolean } = {}): void {
  if (alive.size === 0) watch();
  alive.add(child);
  const release = (): void => {
    alive.delete(child);
    if (alive.size === 0) stopWatching();
  };
  child.once("exit", () => (group ? void untilGroupGone(child.pid!).then(release) : release()));
}

const endWithParent = `
const parent = process.ppid;
setInterval(() => process.ppid === parent || process.kill(process.pid, "SIGKILL"), 250).unref();
`;

/**
 * Arguments for a Node child that end it soon after this process was ended by SIGKILL, which nobody can handle: an
 * orphan has another parent. A child that is stopped by SIGSTOP at that moment ends once it goes on.
 */
export const endWithParentArgs: readonly string[] = [
  "--import",
  `data:text/javascript,${encodeURIComponent(endWithParent)}`,
];

/**
 * As `endWithParentArgs`, for a child that is no Node program, and for what it starts: a shell, which costs less than another
 * Node, sees this process end by the end of its input and kills the child's process group.
 */
export function endGroupWithParent(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const script = 'read -r _; kill -s KILL -- "-$0"';
  const guard = spawn("/bin/sh", ["-c", script, `${child.pid}`], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  // Without a shell there is no guard; everything else works.
  guard.on("error", () => {});
  guard.stdin.on("error", () => {});
  guard.unref();
  (guard.stdin as Socket).unref();
  child.once("exit", () => void untilGroupGone(child.pid!).then(() => guard.kill("SIGKILL")));
}
