import { Server, ServerCredentials } from "@grpc/grpc-js";
import { type Clock, type Code, ConfigError, systemClock } from "@rollcall/core";
import { type HeldPort, holdPort } from "../../ports/held-port.js";
import { etcdApi } from "../schema.js";
import { authService, clusterService, maintenanceService } from "./cluster-services.js";
import { Faults } from "./faults.js";
import { kvService } from "./kv-service.js";
import { leaseService } from "./lease-service.js";
import { Member } from "./member.js";
import { TcpFront } from "./tcp-front.js";
import type { Backend } from "./unary.js";
import { Users } from "./users.js";
import { type WatchService, watchService } from "./watch-service.js";

/** Where and how an `EtcdServer` listens. */
export interface EtcdServerOptions {
  /** Default 0: any free port, which stays its own while it is down. */
  readonly port?: number | undefined;
  /** Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** What leases, lag and progress reports run on. Default the machine's clock. */
  readonly clock?: Clock | undefined;
  /** Passwords by user name. Given any, every call needs a token from Authenticate. Default none. */
  readonly users?: Readonly<Record<string, string>> | undefined;
  /** How often idle watches that asked for it get a progress report. Default 10 min, as etcd. */
  readonly progressIntervalMs?: number | undefined;
}

/**
 * A server in this process that speaks etcd's v3 API as one etcd of version 3.6 does, over data in memory, with
 * the faults that tests need. It has what service discovery uses: KV, Lease, Watch, Status, MemberList, Authenticate.
 * Known differences: it polices no client pings, it catches watches up at once (etcd within 100 ms), it never fragments
 * a watch reply, and an empty `range_end` that is sent means one key, where etcd's reads take it for no upper bound.
 */
export class EtcdServer implements AsyncDisposable {
  readonly #host: string;
  readonly #clock: Clock;
  readonly #grpc: Server = new Server({
    "grpc.max_send_message_length": -1,
    "grpc.max_receive_message_length": 2 ** 21,
  });
  readonly #users: Users;
  readonly #faults: Faults = new Faults();
  readonly #watches: WatchService;
  #front: TcpFront | undefined;
  #member: Member;
  #port: number;
  #held: HeldPort | undefined;
  #closed = false;

  private constructor(options: EtcdServerOptions) {
    const clock = options.clock ?? systemClock;
    this.#clock = clock;
    this.#host = options.host ?? "127.0.0.1";
    this.#users = new Users(options.users ?? {});
    this.#port = options.port ?? 0;
    this.#member = new Member(clock);
    const getMember = (): Member => this.#member;
    const backend: Backend = {
      get member() {
        return getMember();
      },
      users: this.#users,
      faults: this.#faults,
    };
    this.#watches = watchService(backend, {
      clock,
      progressIntervalMs: options.progressIntervalMs ?? 600_000,
    });
    const services = {
      KV: kvService(backend),
      Lease: leaseService(backend),
      Watch: this.#watches.handlers,
      Maintenance: maintenanceService(backend),
      Cluster: clusterService(backend, () => `http://${this.#host}:${this.#port}`),
      Auth: authService(backend),
    };
    for (const [name, handlers] of Object.entries(services)) {
      this.#grpc.addService(etcdApi[name]!.service, handlers);
    }
  }

  /**
   * Starts a server with no keys.
   * @throws ConfigError when the port is taken.
   */
  static async start(options: EtcdServerOptions = {}): Promise<EtcdServer> {
    const server = new EtcdServer(options);
    try {
      const inside = await new Promise<number>((resolve, reject) => {
        server.#grpc.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
          error ? reject(error) : resolve(port),
        );
      });
      server.#front = new TcpFront(inside);
      if (server.#port === 0) server.#held = await holdPort({ host: server.#host });
      server.#port = server.#held?.port ?? server.#port;
      await server.#open();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  /** As `ROLLCALL_REGISTRY` takes it: `etcd://127.0.0.1:12345`. */
  get url(): string {
    return `etcd://${this.#host}:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** The revision of the last commit. */
  get revision(): number {
    return this.#member.store.revision;
  }

  /** Breaks all connections and closes the port. The data stays, and no lease expires meanwhile. */
  async stop(): Promise<void> {
    this.#member.leases.suspend();
    await this.#front?.close();
  }

  /** Opens the same port again after `stop()`; every lease has its full TTL again, as in an etcd that restarted. */
  async listen(): Promise<void> {
    this.#member.raftTerm++;
    await this.#open();
    this.#member.leases.resumeExtended();
  }

  /** `stop()`, a pause of `downMs` (default 0), `listen()`. */
  async restart({ downMs = 0 }: { downMs?: number } = {}): Promise<void> {
    await this.stop();
    await this.#clock.sleep(downMs);
    await this.listen();
  }

  /** Freezes every connection, also new ones: they stay open and nothing answers, as after a SIGSTOP. */
  pause(): void {
    this.#front?.pause();
  }

  /** Ends `pause()`. */
  resume(): void {
    this.#front?.resume();
  }

  /** Becomes another, empty etcd on the same port: the revision is 1 again, keys, leases and connections are gone. */
  async wipe({ downMs = 0 }: { downMs?: number } = {}): Promise<void> {
    await this.stop();
    await this.#clock.sleep(downMs);
    this.#member = new Member(this.#clock);
    await this.#open();
  }

  /** Breaks all connections; the port stays open. */
  breakConnections(): void {
    this.#front?.breakConnections();
  }

  /** Ends all watch calls with UNAVAILABLE; connections and other calls are not touched. */
  cutWatches(): void {
    this.#watches.cut();
  }

  /** Forgets what lies before `revision` (default: the current one). */
  compact(revision: number = this.revision): void {
    this.#member.store.compact(revision);
  }

  /** Ends a lease now, as if its TTL had passed: one revision deletes its keys. */
  expireLease(id: string): void {
    this.#member.leases.revoke(id);
  }

  /** Ends all leases now. */
  expireLeases(): void {
    for (const id of this.#member.leases.ids()) this.#member.leases.revoke(id);
  }

  /** Makes every token given out so far invalid. */
  expireTokens(): void {
    this.#users.expireTokens();
  }

  /** Holds watch events back for `ms` from now on; 0 ends it. Their order stays. */
  lag(ms: number): void {
    this.#faults.lagMs = ms;
  }

  /**
   * The next `times` unary calls fail with `code`; with `method` (`"Put"`), only calls of that one count; with `ran`,
   * they run first and only their answers are lost.
   */
  failNext(code: Code, times = 1, { method, ran = false }: { method?: string; ran?: boolean } = {}): void {
    this.#faults.failNext(code, times, method, ran);
  }

  /** Ends it for good; a restart under way fails. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.stop();
    this.#grpc.forceShutdown();
    await this.#held?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #open(): Promise<void> {
    const host = this.#host;
    this.#refuseClosed();
    try {
      this.#port = await this.#front!.listen(this.#port, host);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      throw new ConfigError(
        `port ${this.#port} on ${host} is in use: stop what listens there or choose another port`,
        {
          cause: error,
        },
      );
    }
    if (this.#closed) await this.#front!.close();
    this.#refuseClosed();
  }

  #refuseClosed(): void {
    if (this.#closed) throw new Error(`the etcd at ${this.url} is closed: start another one`);
  }
}
