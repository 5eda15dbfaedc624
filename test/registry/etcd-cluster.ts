import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HeldPort, holdPort } from "../../packages/testing/src/ports/held-port.js";
import { untilTrue } from "./until.js";

/** Three real etcds that form a cluster; each can be killed and started again. */
export class EtcdCluster implements AsyncDisposable {
  readonly #binary: string;
  readonly #folder: string = mkdtempSync(join(tmpdir(), "rollcall-cluster-"));
  readonly #ports: readonly HeldPort[];
  readonly #members: (ChildProcess | undefined)[] = [];

  static async start(binary: string): Promise<EtcdCluster> {
    const cluster = new EtcdCluster(binary, await Promise.all(Array.from({ length: 6 }, () => holdPort())));
    for (const n of [0, 1, 2]) cluster.run(n);
    try {
      await untilTrue(async () => (await cluster.leader()) !== undefined, 20_000);
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  private constructor(binary: string, ports: readonly HeldPort[]) {
    this.#binary = binary;
    this.#ports = ports;
  }

  get endpoints(): string[] {
    return this.#ports.slice(0, 3).map(({ port }) => `127.0.0.1:${port}`);
  }

  run(n: number): void {
    const name = (of: number): string => `member-${of}`;
    const peer = (of: number): string => `http://127.0.0.1:${this.#ports[of + 3]!.port}`;
    const client = `http://127.0.0.1:${this.#ports[n]!.port}`;
    const flags = {
      "--name": name(n),
      "--data-dir": join(this.#folder, name(n)),
      "--listen-client-urls": client,
      "--advertise-client-urls": client,
      "--listen-peer-urls": peer(n),
      "--initial-advertise-peer-urls": peer(n),
      "--initial-cluster": [0, 1, 2].map((of) => `${name(of)}=${peer(of)}`).join(","),
    };
    this.#members[n] = spawn(this.#binary, Object.entries(flags).flat(), {
      stdio: "ignore",
      env: { ...process.env, ETCD_UNSAFE_NO_FSYNC: "true" },
    });
  }

  async kill(n: number): Promise<void> {
    const member = this.#members[n];
    this.#members[n] = undefined;
    if (!member || member.exitCode !== null) return;
    member.kill("SIGKILL");
    await once(member, "exit");
  }

  /** Which member leads; undefined when none that can be asked does. */
  async leader(): Promise<number | undefined> {
    for (const [n, endpoint] of this.endpoints.entries()) {
      const answer = await fetch(`http://${endpoint}/v3/maintenance/status`, {
        method: "POST",
        body: "{}",
        signal: AbortSignal.timeout(1000),
      }).catch(() => undefined);
      const status = (await answer?.json()) as
        | { leader?: string; header?: { member_id: string } }
        | undefined;
      if (status?.leader !== undefined && status.leader === status.header?.member_id) return n;
    }
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([0, 1, 2].map((n) => this.kill(n)));
    rmSync(this.#folder, { recursive: true, force: true });
    await Promise.all(this.#ports.map((held) => held[Symbol.asyncDispose]()));
  }
}
