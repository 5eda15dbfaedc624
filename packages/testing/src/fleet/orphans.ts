import type { ChildProcess } from "node:child_process";

const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const alive = new Set<ChildProcess>();

function killAll(): void {
  for (const child of alive) child.kill("SIGKILL");
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
 */
export function ownChild(child: ChildProcess): void {
  if (alive.size === 0) watch();
  alive.add(child);
  child.once("exit", () => {
    alive.delete(child);
    if (alive.size === 0) stopWatching();
  });
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
