import {
  createApp,
  type App,
  type Listener,
  type RolloutPolicy,
  type ServerTransport,
  type Transport,
} from "@rollcall/app";
import { ProcessClock } from "../clock/process-clock.js";
import { memoryTransport } from "../network/connection.js";
import { memoryServerTransport } from "../network/listener.js";
import type { Release } from "./canary/release.js";
import { isSick, sickened } from "./canary/sickness.js";
import { apart, type Environment, type ServerOptions } from "./environment.js";
import { ProcessWire, ServerWire } from "./process-wire.js";
import type { SimBackend } from "./registry/sim-backend.js";
import type { ProcessInfo } from "./seams.js";

export type ProcessState = "starting" | "serving" | "stopping" | "stopped" | "killed";

const port = 50_051;
/** What a stop may take beyond its grace period: a forced goodbye to the registry, and statuses on their way. */
const graceSlackMs = 1_000;

/** One run of one instance of the service under test: a real app on a clock, network and registry that are not. */
export class ServerProcess implements ProcessInfo {
  readonly name: string;
  readonly version: string;
  readonly clock: ProcessClock;
  readonly random: () => number;
  /** Resolves when it is visible in the registry, or has ended first. */
  readonly serving: Promise<void>;
  /** Resolves when it has stopped or was killed. */
  readonly ended: Promise<void>;
  readonly #env: Environment;
  readonly #options: { readonly gracePeriodMs: number; readonly propagationDelayMs: number };
  readonly #address: string;
  readonly #wire: ProcessWire;
  readonly #serverWire: ServerWire;
  readonly #backend: SimBackend;
  readonly #app: App;
  readonly #onState: (state: ProcessState) => void;
  readonly #served = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<void>();
  #state: ProcessState = "starting";
  #stopMs = 0;
  #visibleAtStop = false;
  #hangs = false;
  #hangUntilMs = 0;
  #resumed = Promise.withResolvers<void>();
  /** It has hung at least once: its stop cannot be held to the rules. */
  #hung = false;
  #stopGrace: () => void = () => {};
  #stopHang: () => void = () => {};

  constructor(
    env: Environment,
    options: ServerOptions,
    at: { readonly name: string; readonly host: string; readonly run: number; readonly release: Release },
    onState: (state: ProcessState) => void,
  ) {
    const { gracePeriodMs = 30_000, propagationDelayMs = 500 } = options;
    const { seams, registry, network } = env;
    const { version, track, weight, services, sickness } = at.release;
    this.name = at.name;
    this.version = version;
    this.clock = new ProcessClock(env.clock);
    this.random = env.random.fork(`${at.name} run ${at.run}`);
    this.serving = this.#served.promise;
    this.ended = this.#over.promise;
    this.#env = env;
    this.#options = { gracePeriodMs, propagationDelayMs };
    this.#address = `${at.host}:${port}`;
    this.#onState = onState;
    this.#wire = new ProcessWire(network, this.clock, this.random);
    this.#serverWire = new ServerWire(network, this.clock, this.random);
    this.#backend = registry.backend(this);
    const listening = memoryServerTransport(this.#serverWire, { host: at.host, port });
    const wired = memoryTransport(this.#wire);
    const transport: Transport = {
      connect(instance) {
        env.nested = true;
        return wired.connect(instance);
      },
    };
    this.#app = createApp({
      ...apart,
      lane: false,
      name: options.name ?? "server",
      services,
      version,
      track,
      weight,
      bind: (container) => options.bind?.(container, this),
      id: at.name,
      host: at.host,
      port,
      gracePeriodMs,
      propagationDelayMs,
      clock: this.clock,
      random: this.random,
      registry: seams.backend?.(this.#backend, this) ?? this.#backend,
      transport: seams.transport?.(transport, this) ?? transport,
      serverTransport: this.#observed(seams.serverTransport?.(listening, this) ?? listening),
      interceptors: [
        ...(isSick(sickness) ? [sickened(sickness, this)] : []),
        ...(seams.serverInterceptors?.(this) ?? []),
        env.ledger.interceptor(at.name, () => this.#backend.incarnation),
      ],
      clientInterceptors: seams.clientInterceptors?.(this) ?? [],
    });
  }

  get state(): ProcessState {
    return this.#state;
  }

  /** Undefined before it registers. */
  get incarnation(): string | undefined {
    return this.#backend.incarnation;
  }

  /** The policy that it has been told of last. */
  known(service: string): RolloutPolicy | undefined {
    return this.#backend.feeds.watched(service)?.view?.policy;
  }

  get hanging(): boolean {
    return this.#hangs;
  }

  start(): void {
    this.#env.log.add(this.name, "starts");
    this.#app.start().then(
      () => {
        if (this.#state !== "starting") return;
        this.#become("serving");
        this.#served.resolve();
      },
      async (error: unknown) => {
        await this.#awake();
        if (this.#state !== "starting") return;
        this.#env.log.add(this.name, `did not start: ${String(error)}`);
        this.#end("stopped");
      },
    );
  }

  /** SIGTERM, and SIGKILL when it outlives its grace period. Resolves when it has ended. */
  async stop(): Promise<void> {
    if (this.#state !== "starting" && this.#state !== "serving") return this.ended;
    const { gracePeriodMs } = this.#options;
    const { clock } = this.#env;
    this.#become("stopping");
    this.#stopGrace = clock.timer(gracePeriodMs + graceSlackMs, () => {
      if (!this.#hung) this.#env.violated(`${this.name} outlived its grace period of ${gracePeriodMs} ms`);
      this.kill("it outlived its grace period");
    });
    // A signal reaches a process that hangs when it goes on.
    await this.#awake();
    if (hasEnded(this.state)) return;
    this.#stopMs = clock.now();
    this.#visibleAtStop = this.#backend.registration?.state.current === "visible";
    this.#app.stop().then(
      () => this.#stopped(),
      (error: unknown) => {
        this.#env.log.add(this.name, `did not stop cleanly: ${String(error)}`);
        return this.#stopped();
      },
    );
    return this.ended;
  }

  /** SIGKILL. */
  kill(why = "SIGKILL"): void {
    if (hasEnded(this.#state)) return;
    const { log, network } = this.#env;
    this.clock.kill();
    this.#serverWire.crash();
    this.#wire.crash();
    network.restore(this.#address);
    log.add(this.name, `killed: ${why}`);
    this.#end("killed");
  }

  /** SIGSTOP, and SIGCONT after `ms`. */
  hang(ms: number): void {
    if (hasEnded(this.#state)) return;
    const { clock, log, network } = this.#env;
    log.add(this.name, `hangs for ${ms} ms`);
    this.#hung = true;
    if (!this.#hangs) this.#resumed = Promise.withResolvers();
    this.#hangs = true;
    this.#hangUntilMs = Math.max(this.#hangUntilMs, clock.now() + ms);
    this.clock.pause();
    network.silence(this.#address);
    this.#stopHang();
    this.#stopHang = clock.timer(this.#hangUntilMs - clock.now(), () => {
      log.add(this.name, "goes on");
      this.#hangs = false;
      network.restore(this.#address);
      this.clock.resume();
      this.#resumed.resolve();
      this.#onState(this.#state);
    });
    this.#onState(this.#state);
  }

  async #awake(): Promise<void> {
    while (this.#hangs) await Promise.race([this.#resumed.promise, this.ended]);
  }

  /** One that hangs ends when it goes on. */
  async #stopped(): Promise<void> {
    await this.#awake();
    if (this.#state !== "stopping") return;
    this.#env.log.add(this.name, `stopped after ${Math.round(this.#env.clock.now() - this.#stopMs)} ms`);
    this.#end("stopped");
  }

  #end(state: "stopped" | "killed"): void {
    this.#stopGrace();
    this.#stopHang();
    this.#hangs = false;
    void this.#backend[Symbol.asyncDispose]();
    this.clock.kill();
    this.#become(state);
    this.#served.resolve();
    this.#over.resolve();
  }

  #become(state: ProcessState): void {
    this.#state = state;
    if (state !== "killed" && state !== "stopped") this.#env.log.add(this.name, state);
    this.#onState(state);
  }

  /** Looks when the server stops taking calls: callers must have had the time to learn of it. */
  #observed(transport: ServerTransport): ServerTransport {
    return {
      listen: async (services, dispatch, draining) => {
        const listener = await transport.listen(services, dispatch, draining);
        const observed: Listener = {
          port: listener.port,
          peers: () => listener.peers(),
          drain: () => {
            this.#checkLeft();
            return listener.drain();
          },
          close: () => listener.close(),
        };
        return observed;
      },
    };
  }

  /** Whether every caller that has called this process over a connection it still has will not do so again. */
  get #acknowledged(): boolean {
    return this.#env.views.every(({ held }) =>
      [...held].every(
        ({ instance, connection, begun, acknowledged }) =>
          instance.id !== this.name ||
          instance.incarnation !== this.incarnation ||
          connection.state !== "ready" ||
          !begun ||
          acknowledged,
      ),
    );
  }

  #checkLeft(): void {
    const { registry, clock } = this.#env;
    if (this.#state !== "stopping" || this.#hung || registry.wasDown(this.#stopMs)) return;
    const shown = registry.instances.filter(
      ({ id, incarnation, state }) => id === this.name && incarnation === this.incarnation && state === "up",
    );
    if (shown.length > 0)
      this.#env.violated(`${this.name} stopped taking calls while the registry showed it as up`);
    const tookMs = clock.now() - this.#stopMs;
    // Callers learn from the registry, too, that a record is gone.
    const wasLost = registry.lostMs >= this.#stopMs;
    if (this.#visibleAtStop && !wasLost && tookMs < this.#options.propagationDelayMs && !this.#acknowledged)
      this.#env.violated(`${this.name} stopped taking calls ${tookMs} ms after SIGTERM: before callers knew`);
  }
}

function hasEnded(state: ProcessState): boolean {
  return state === "stopped" || state === "killed";
}
