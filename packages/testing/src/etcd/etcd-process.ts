import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@rollcall/core";
import { type HeldPort, holdPort } from "../ports/held-port.js";
import { findEtcd } from "./find-etcd.js";
import { untilStopped } from "./until-stopped.js";

/** How a real etcd is started. */
export interface EtcdProcessOptions {
  /** The etcd to run. Default: what `findEtcd()` finds. */
  readonly binary?: string | undefined;
  /** Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** `https` when `extraArgs` brings certificates for clients. Default `http`. */
  readonly scheme?: "http" | "https" | undefined;
  /** More flags for etcd, after ours: `["--cert-file", path]`. */
  readonly extraArgs?: readonly string[] | undefined;
  /** How long etcd may take until it serves. Default 30 s. */
  readonly readyTimeoutMs?: number | undefined;
}

/** The ports of one etcd; the third serves /health without TLS, whatever the clients' port speaks. */
interface Ports {
  readonly client: HeldPort;
  readonly peer: HeldPort;
  readonly health: HeldPort;
}

/**
 * Starts a real etcd of one member, with its own data in a temporary folder, and resolves when it serves.
 * It ends with this process, however this process ends.
 * @throws Error when there is no etcd, or it does not serve in time; the message has the end of its log.
 */
export async function startEtcd(options: EtcdProcessOptions = {}): Promise<EtcdProcess> {
  const binary = options.binary ?? findEtcd();
  if (binary === undefined) throw new Error("no etcd on this machine: run scripts/get-etcd");
  const host = options.host ?? "127.0.0.1";
  const [client, peer, health] = await Promise.all([
    holdPort({ host }),
    holdPort({ host }),
    holdPort({ host }),
  ]);
  const etcd = new EtcdProcess(binary, { ...options, host }, { client, peer, health });
  try {
    await etcd.start();
    return etcd;
  } catch (error) {
    await etcd.close({ keepLog: true });
    throw error;
  }
}

/** A real etcd as a child process, on the same ports and data through all its restarts. */
export class EtcdProcess implements AsyncDisposable {
  /** As `ROLLCALL_REGISTRY` takes it: `etcd://127.0.0.1:12345`. */
  readonly url: string;
  readonly port: number;
  /** What etcd writes; kept after `close()` when etcd ended by itself or never served. */
  readonly logFile: string;
  readonly #binary: string;
  readonly #options: EtcdProcessOptions & { readonly host: string };
  readonly #ports: Ports;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #guard: ChildProcess | undefined;
  #ended: Promise<string> = Promise.resolve("was never started");
  #ending = true;
  #failed = false;
  #closed = false;

  constructor(binary: string, options: EtcdProcessOptions & { readonly host: string }, ports: Ports) {
    this.#binary = binary;
    this.#options = options;
    this.#ports = ports;
    this.#folder = mkdtempSync(join(tmpdir(), "rollcall-etcd-"));
    this.port = ports.client.port;
    this.url = `etcd://${options.host}:${this.port}`;
    this.logFile = join(this.#folder, "etcd.log");
  }

  /** The process, `undefined` while it is stopped. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Starts etcd on its data and resolves when it serves; nothing happens when it already runs.
   * @throws Error when it does not serve in time, or after `close()`.
   */
  async start(): Promise<void> {
    if (this.#closed) throw new Error(`the etcd at ${this.url} is closed: start another one`);
    if (this.#child) return;
    this.#spawn();
    const readyTimeoutMs = this.#options.readyTimeoutMs ?? 30_000;
    const giveUpAt = systemClock.now() + readyTimeoutMs;
    let ended: string | undefined;
    const end = this.#ended.then((how) => (ended = how));
    while (!(await this.#isHealthy())) {
      if (ended === undefined && systemClock.now() < giveUpAt) {
        await Promise.race([systemClock.sleep(20), end]);
        continue;
      }
      this.#failed = true;
      await this.#signalAndWait("SIGKILL");
      throw new Error(
        `etcd ${ended ?? `did not serve within ${readyTimeoutMs} ms`} (${this.logFile}):\n${this.log().slice(-2000)}`,
      );
    }
    this.#failed = false;
  }

  /** Ends etcd as an operator would (SIGTERM), and by force after 1 s: it waits for open watches. The data stays. */
  async stop(): Promise<void> {
    this.resume();
    await Promise.race([this.#signalAndWait("SIGTERM"), systemClock.sleep(1_000)]);
    await this.kill();
  }

  /** Ends etcd as a crash would (SIGKILL). The data stays. */
  async kill(): Promise<void> {
    await this.#signalAndWait("SIGKILL");
  }

  /** Stops, waits `downMs` (default 0), starts on the same port with the same data. */
  async restart({ downMs = 0 }: { downMs?: number } = {}): Promise<void> {
    await this.stop();
    await systemClock.sleep(downMs);
    await this.start();
  }

  /** Freezes etcd (SIGSTOP): connections stay open and nothing answers. Resolves when it has stopped. */
  async pause(): Promise<void> {
    this.#child?.kill("SIGSTOP");
    if (this.#child?.pid !== undefined) await untilStopped(this.#child.pid);
  }

  /** Ends `pause()`. */
  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Stops etcd, deletes its data and starts it on the same port: an empty cluster that begins at revision 1. */
  async wipe({ downMs = 0 }: { downMs?: number } = {}): Promise<void> {
    await this.kill();
    rmSync(this.#dataFolder, { recursive: true, force: true });
    await systemClock.sleep(downMs);
    await this.start();
  }

  /** What etcd wrote so far. */
  log(): string {
    return existsSync(this.logFile) ? readFileSync(this.logFile, "utf8") : "";
  }

  /**
   * Ends etcd for good and deletes its data; the log stays only when etcd failed, or `keepLog` says so. A restart under
   * way fails.
   */
  async close({ keepLog = this.#failed }: { keepLog?: boolean } = {}): Promise<void> {
    this.#closed = true;
    await this.kill();
    rmSync(keepLog ? this.#dataFolder : this.#folder, { recursive: true, force: true });
    const { client, peer, health } = this.#ports;
    await Promise.all([client, peer, health].map((held) => held[Symbol.asyncDispose]()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #dataFolder(): string {
    return join(this.#folder, "data");
  }

  #spawn(): void {
    const { host, scheme = "http", extraArgs = [] } = this.#options;
    const { client, peer, health } = this.#ports;
    const clientUrl = `${scheme}://${host}:${client.port}`;
    const peerUrl = `http://${host}:${peer.port}`;
    const args = {
      "--name": "test",
      "--data-dir": this.#dataFolder,
      "--listen-client-urls": clientUrl,
      "--advertise-client-urls": clientUrl,
      "--listen-peer-urls": peerUrl,
      "--initial-advertise-peer-urls": peerUrl,
      "--initial-cluster": `test=${peerUrl}`,
      "--listen-metrics-urls": `http://${host}:${health.port}`,
      "--logger": "zap",
    };
    const child = spawn(this.#binary, [...Object.entries(args).flat(), ...extraArgs], {
      stdio: ["ignore", "pipe", "pipe"],
      // In its own process group, as its guard: a Ctrl-C is for us, and what we do about it is for etcd.
      detached: true,
      // A variable, because an etcd that does not know it warns, where it would refuse a flag. Killing a process
      // loses nothing that it has written, so the tests do not wait for the disk.
      env: { ...process.env, ETCD_UNSAFE_NO_FSYNC: "true" },
    });
    const log = createWriteStream(this.logFile, { flags: "a" });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.#child = child;
    this.#ending = false;
    this.#ended = new Promise((resolve) => {
      const ended = (how: string): void => {
        if (!this.#ending) this.#failed = true;
        this.#child = undefined;
        this.#guard?.kill("SIGKILL");
        this.#guard = undefined;
        log.end(() => resolve(how));
      };
      child.once("error", (error) => ended(`could not be run: ${error.message}`));
      child.once("close", (code, signal) => ended(`ended with ${signal ?? `code ${code}`}`));
    });
    if (child.pid !== undefined) this.#guard = guard(child.pid, this.#folder);
  }

  async #signalAndWait(signal: NodeJS.Signals): Promise<void> {
    this.#ending = true;
    this.#child?.kill(signal);
    await this.#ended;
  }

  async #isHealthy(): Promise<boolean> {
    try {
      const answer = await fetch(`http://${this.#options.host}:${this.#ports.health.port}/health`, {
        signal: AbortSignal.timeout(1_000),
      });
      return answer.ok && ((await answer.json()) as { health?: unknown }).health === "true";
    } catch {
      return false;
    }
  }
}

/**
 * A process that outlives this one, even when that is killed, for as long as it takes to end the etcd and to
 * delete its folder: its standard input is our pipe, which the kernel closes when we are gone.
 */
function guard(pid: number, folder: string): ChildProcess {
  const script = 'read -r _; kill -9 "$0" 2>/dev/null; rm -rf "$1"';
  const child = spawn("sh", ["-c", script, String(pid), folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  child.on("error", () => {});
  return child;
}
