import { EtcdClient } from "./etcd-client.js";
import { startEtcd } from "./etcd-process.js";
import { findEtcd } from "./find-etcd.js";
import type { KeyValue } from "./messages.js";
import { EtcdServer } from "./server/etcd-server.js";

/** An etcd of a test of its own, embedded or real, with what an operator or an accident can do to it. */
export interface EtcdUnderTest extends AsyncDisposable {
  /** As `ROLLCALL_REGISTRY` takes it; the same through restarts and wipes. */
  readonly url: string;
  /** `host:port`, as etcd3 takes it. */
  readonly address: string;
  /** Down for `downMs` (default 0), then up again on the same port with the same data. */
  restart(downMs?: number): Promise<void>;
  stop(): Promise<void>;
  /** Ends `stop()`. */
  start(): Promise<void>;
  /** Connections stay open and nothing answers. */
  pause(): Promise<void>;
  resume(): void;
  /** Another, empty etcd on the same port, whose revision begins at 1. */
  wipe(): Promise<void>;
  /** Compacts up to `revision` (default: the current one). */
  compact(revision?: number): Promise<void>;
  revision(): Promise<number>;
  /** Ids of all leases, in decimal. */
  leases(): Promise<string[]>;
  revokeLease(id: string): Promise<void>;
  /** What keys with this prefix hold, by key. */
  read(prefix: string): Promise<Map<string, string>>;
  /** As an operator would, with no lease. */
  put(key: string, value: string): Promise<void>;
  /** Deletes all keys with this prefix; resolves with how many there were. */
  delete(prefix: string): Promise<number>;
  close(): Promise<void>;
}

/** One of the two etcds that the same tests can run on. */
export interface EtcdBackend {
  readonly name: "embedded" | "real";
  start(): Promise<EtcdUnderTest>;
}

/** The faults that both kinds have by the same names. */
interface EtcdHost {
  readonly url: string;
  restart(options: { downMs: number }): Promise<void>;
  stop(): Promise<void>;
  pause(): void | Promise<void>;
  resume(): void;
  wipe(): Promise<void>;
  close(): Promise<void>;
}

/** The embedded etcd, and the real one where this machine has one. */
export function etcdBackends(): EtcdBackend[] {
  const embedded: EtcdBackend = {
    name: "embedded",
    async start() {
      const server = await EtcdServer.start();
      return underTest(server, () => server.listen());
    },
  };
  const real: EtcdBackend = {
    name: "real",
    async start() {
      const etcd = await startEtcd();
      return underTest(etcd, () => etcd.start());
    },
  };
  return findEtcd() === undefined ? [embedded] : [embedded, real];
}

function underTest(host: EtcdHost, start: () => Promise<void>): EtcdUnderTest {
  const client = new EtcdClient(host.url);
  const revision = async (): Promise<number> => {
    const { header } = await client.call<{ header: { revision: string } }>("Maintenance", "Status", {});
    return Number(header.revision);
  };
  /** Ends our own connections with it: the first call on one that etcd has left would only find that out. */
  const parted = async (ended: Promise<void>): Promise<void> => {
    await ended;
    client.close();
  };
  return {
    url: host.url,
    address: host.url.replace("etcd://", ""),
    restart: (downMs = 0) => parted(host.restart({ downMs })),
    stop: () => parted(host.stop()),
    start,
    pause: async () => host.pause(),
    resume: () => host.resume(),
    wipe: () => parted(host.wipe()),
    async compact(at) {
      await client.call("KV", "Compact", { revision: at ?? (await revision()), physical: true });
    },
    revision,
    async leases() {
      const { leases } = await client.call<{ leases: { ID: string }[] }>("Lease", "LeaseLeases", {});
      return leases.map(({ ID }) => ID);
    },
    async revokeLease(ID) {
      await client.call("Lease", "LeaseRevoke", { ID });
    },
    async read(prefix) {
      const { kvs } = await client.call<{ kvs: KeyValue[] }>("KV", "Range", prefixRange(prefix));
      return new Map(kvs.map(({ key, value }) => [key.toString(), value.toString()]));
    },
    async put(key, value) {
      await client.call("KV", "Put", { key: Buffer.from(key), value: Buffer.from(value) });
    },
    async delete(prefix) {
      const { deleted } = await client.call<{ deleted: string }>("KV", "DeleteRange", prefixRange(prefix));
      return Number(deleted);
    },
    async close() {
      client.close();
      await host.close();
    },
    async [Symbol.asyncDispose]() {
      await this.close();
    },
  };
}

/** `key` and `range_end` for all keys that begin with `prefix`; an empty one means all keys. */
export function prefixRange(prefix: string): { key: Buffer; range_end: Buffer } {
  const key = Buffer.from(prefix);
  const end = Buffer.from(prefix);
  for (let last = end.length - 1; last >= 0; last--) {
    if (end.readUInt8(last) === 0xff) continue;
    end[last]!++;
    return { key, range_end: end.subarray(0, last + 1) };
  }
  return { key: key.length > 0 ? key : Buffer.of(0), range_end: Buffer.of(0) };
}
