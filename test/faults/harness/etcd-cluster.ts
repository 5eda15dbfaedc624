import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findEtcd } from "@rollcall/testing";
import { FleetProcess } from "@rollcall/testing/fleet";
import type { RowContext } from "./context.js";
import type { Host, Network } from "./network.js";

const clientPort = 2379;
const peerPort = 2380;

/** One etcd of a cluster, on a host of its own. */
export interface EtcdMember {
  readonly host: Host;
  /** `host:port` for clients. */
  readonly endpoint: string;
  readonly process: FleetProcess;
  /** Nothing passes any more between it and the other members; clients reach it as before. */
  cutFromPeers(): void;
}

export interface EtcdCluster {
  readonly members: readonly EtcdMember[];
  /** As `ROLLCALL_REGISTRY` takes it, with all members. */
  readonly url: string;
  /** The member that says it leads, as the others see it; undefined while none does. `among` is who is asked. */
  leader(among?: readonly EtcdMember[]): Promise<EtcdMember | undefined>;
}

/** Real etcds that form a cluster, one on each host of the network. */
export async function startEtcdCluster(context: RowContext, { hosts }: Network): Promise<EtcdCluster> {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-faults-"));
  context.finally(() => rmSync(folder, { recursive: true, force: true }));
  const binary = findEtcd()!;
  const name = (n: number): string => `member-${n}`;
  const peer = (host: Host): string => `http://${host.address}:${peerPort}`;
  const members = await Promise.all(
    hosts.map(async (host, n): Promise<EtcdMember> => {
      const client = `http://${host.address}:${clientPort}`;
      const flags = {
        "--name": name(n),
        "--data-dir": join(folder, name(n)),
        "--listen-client-urls": client,
        "--advertise-client-urls": client,
        "--listen-peer-urls": peer(host),
        "--initial-advertise-peer-urls": peer(host),
        "--initial-cluster": hosts.map((each, of) => `${name(of)}=${peer(each)}`).join(","),
      };
      const args = ["netns", "exec", host.namespace, binary, ...Object.entries(flags).flat()];
      const env = { ETCD_UNSAFE_NO_FSYNC: "true" };
      const process = context.use(await FleetProcess.start({ file: "ip", args, env }, { name: name(n) }));
      const drop = (chain: string, end: string, of: Host): string =>
        host.run("iptables", "-A", chain, end, of.address, "-j", "DROP");
      return {
        host,
        endpoint: `${host.address}:${clientPort}`,
        process,
        cutFromPeers() {
          for (const other of hosts.filter((each) => each !== host)) {
            drop("INPUT", "-s", other);
            drop("OUTPUT", "-d", other);
          }
        },
      };
    }),
  );
  const leader: EtcdCluster["leader"] = async (among = members) => {
    const statuses = await Promise.all(among.map(({ endpoint }) => statusOf(endpoint)));
    return among.find((_, n) => statuses[n] !== undefined && statuses[n].leader === statuses[n].id);
  };
  await context.until("etcd has a leader", 30_000, async () => (await leader()) !== undefined, 100);
  return { members, url: `etcd://${members.map(({ endpoint }) => endpoint).join(",")}`, leader };
}

async function statusOf(endpoint: string): Promise<{ leader: string; id: string } | undefined> {
  try {
    const answer = await fetch(`http://${endpoint}/v3/maintenance/status`, {
      method: "POST",
      body: "{}",
      signal: AbortSignal.timeout(1_000),
    });
    const { leader, header } = (await answer.json()) as { leader?: string; header: { member_id: string } };
    return leader === undefined ? undefined : { leader, id: header.member_id };
  } catch {
    return undefined;
  }
}
