import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import type { RowContext } from "./context.js";

const prefix = "rcf-";
let networks = 0;

/** A machine of its own, as far as the network goes. */
export interface Host {
  readonly namespace: string;
  readonly address: string;
  /** Runs a command there. @throws Error with its output when it fails */
  run(...command: string[]): string;
}

/** Namespaces on one bridge, with this machine beside them. */
export interface Network {
  /** This process' own address on the bridge. */
  readonly address: string;
  readonly hosts: readonly Host[];
}

/** Makes a network of so many hosts; it goes with the row, after the processes in it. */
export function createNetwork(context: RowContext, size: number): Network {
  const id = networks++ % 200;
  const base = `${prefix}${process.pid}-${id}`;
  const subnet = `10.213.${id}`;
  const hub = `${base}-hub`;
  const names = Array.from({ length: size }, (_, n) => `${base}-${n}`);
  context.finally(() => {
    for (const name of [...names, hub]) spawnSync("ip", ["netns", "del", name], { stdio: "ignore" });
  });

  command("ip", "netns", "add", hub);
  command("ip", "-n", hub, "link", "add", "br0", "type", "bridge");
  command("ip", "-n", hub, "link", "set", "br0", "up");
  // Named for the process, as the interfaces of this machine are everybody's; 15 characters are the most.
  const own = `rcf${id}p${process.pid % 100_000}`;
  command("ip", "link", "add", own, "type", "veth", "peer", "name", "own", "netns", hub);
  join(hub, "own");
  command("ip", "addr", "add", `${subnet}.254/24`, "dev", own);
  command("ip", "link", "set", own, "up");
  const hosts = names.map((namespace, n): Host => {
    const address = `${subnet}.${n + 1}`;
    command("ip", "netns", "add", namespace);
    command("ip", "-n", namespace, "link", "set", "lo", "up");
    command(
      "ip",
      "-n",
      namespace,
      "link",
      "add",
      "eth0",
      "type",
      "veth",
      "peer",
      "name",
      `v${n}`,
      "netns",
      hub,
    );
    join(hub, `v${n}`);
    command("ip", "-n", namespace, "addr", "add", `${address}/24`, "dev", "eth0");
    command("ip", "-n", namespace, "link", "set", "eth0", "up");
    return { namespace, address, run: (...words) => command("ip", "netns", "exec", namespace, ...words) };
  });
  return { address: `${subnet}.254`, hosts };
}

/** Takes away what a run that was killed has left: its namespaces, and the processes in them. */
export function removeStaleNamespaces(): void {
  const { stdout } = spawnSync("ip", ["netns", "list"], { encoding: "utf8" });
  for (const line of (stdout ?? "").split("\n")) {
    const [name = ""] = line.split(" ");
    const pid = /^rcf-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const { stdout: left } = spawnSync("ip", ["netns", "pids", name], { encoding: "utf8" });
    for (const each of (left ?? "").split("\n").filter(Boolean)) process.kill(Number(each), "SIGKILL");
    spawnSync("ip", ["netns", "del", name]);
  }
}

function join(hub: string, port: string): void {
  command("ip", "-n", hub, "link", "set", port, "master", "br0", "up");
}

function command(file: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${[file, ...args].join(" ")}: ${stderr.trim() || `code ${status}`}`);
  return stdout;
}
