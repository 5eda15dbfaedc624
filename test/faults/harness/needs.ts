import { spawnSync } from "node:child_process";
import { findEtcd } from "@rollcall/testing";

/**
 * - `etcd`: a real one, for what only a process can suffer;
 * - `namespaces`: network namespaces with veth and iptables, as root;
 * - `prlimit`: changes the limits of a running process.
 */
export type Need = "etcd" | "namespaces" | "prlimit";

const missing: Readonly<Record<Need, () => string | undefined>> = {
  etcd: () => (findEtcd() === undefined ? "no real etcd: scripts/get-etcd" : undefined),
  namespaces() {
    if (process.platform !== "linux") return "no Linux";
    if (process.getuid?.() !== 0) return "not root";
    for (const [tool, flag] of [
      ["ip", "-Version"],
      ["iptables", "--version"],
      ["nft", "--version"],
    ] as const)
      if (!runs(tool, flag)) return `no ${tool}`;
    const probe = `rcf-probe-${process.pid}`;
    const made = runs("ip", "netns", "add", probe);
    const filters = made && runs("ip", "netns", "exec", probe, "iptables", "-A", "INPUT", "-j", "DROP");
    if (made) runs("ip", "netns", "del", probe);
    if (!made) return "may not make network namespaces";
    return filters ? undefined : "iptables does not work here";
  },
  prlimit: () => (runs("prlimit", "--version") ? undefined : "no prlimit"),
};

const known = new Map<Need, string | undefined>();

/** What the machine lacks of these, in words; undefined when it has all. Looked at once. */
export function lacks(needs: readonly Need[]): string | undefined {
  for (const need of needs) {
    if (!known.has(need)) known.set(need, missing[need]());
    const lack = known.get(need);
    if (lack !== undefined) return lack;
  }
  return undefined;
}

function runs(file: string, ...args: string[]): boolean {
  return spawnSync(file, args, { stdio: "ignore" }).status === 0;
}
