import type { Logger } from "pino";
import type { Call, Handler, Reply } from "../call/call.js";
import { endedByDrain } from "../call/drain.js";
import { mapStream } from "../call/stream.js";
import { whenEnded } from "../call/when-ended.js";
import { pause } from "../client/pause.js";
import { Code } from "../code.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import { isNoPick, type BalancerFactory, type Outcome } from "../ports/balancer.js";
import type { Clock } from "../ports/clock.js";
import type { Endpoint } from "../ports/endpoint.js";
import type { Feed } from "../ports/feed.js";
import type { Snapshot } from "../ports/registry.js";
import type { Transport } from "../ports/transport.js";
import { isUnknownMethod } from "./foreign.js";
import type { ClusterEndpoint } from "./endpoint.js";
import type { Destination } from "../client/create-pipeline.js";
import type { Routes } from "../routing/routes.js";
import { Membership } from "./membership.js";
import { Subsets, type BalancedSubset } from "./subsets.js";

/** What the cluster of one service is built from. */
export interface ClusterEnv {
  readonly service: string;
  readonly feed: Feed<Snapshot>;
  readonly transport: Transport;
  readonly balancer: BalancerFactory;
  readonly clock: Clock;
  random(): number;
  readonly logger: Logger;
  /** Where this process runs; empty when that is not known. */
  readonly zone: string;
  /** Tells this process from other callers. */
  readonly caller: string;
  /** Hears how each attempt ended. Must not throw. */
  readonly onAttempt?: ((endpoint: Endpoint, outcome: Outcome, call: Call) => void) | undefined;
  /**
   * How long calls to an instance may wait with nothing coming back before it is asked whether it lives, and how long it
   * has to answer then. Default 500; 0 turns that off.
   */
  readonly hangTimeoutMs?: number | undefined;
  /** Ramp of an instance that joins others. Default 10 s; 0 turns it off. */
  readonly slowStartMs?: number | undefined;
}

/** Why a call found no endpoint. */
interface Refusal {
  readonly subset: BalancedSubset;
  readonly reason: string;
}

/** Between rounds over endpoints that have all refused a call. */
const roundPauseMs = 50;

/** All endpoints of a service as one: the innermost handler of a client's pipeline. */
export class Cluster implements Destination {
  readonly #env: ClusterEnv;
  readonly #subsets: Subsets;
  readonly #members: Membership;
  readonly #waiting = new Set<() => void>();
  #closed = false;

  constructor(env: ClusterEnv) {
    this.#env = env;
    this.#subsets = new Subsets(env);
    this.#members = new Membership(env, () => this.#changed());
  }

  /** The instances known, for tables and logs. */
  get endpoints(): readonly Endpoint[] {
    return this.#members.all;
  }

  get routes(): Routes | undefined {
    return this.#members.known ? this.#subsets.routes : undefined;
  }

  async routed(call: Call): Promise<Routes> {
    while (!this.#members.known) {
      if (this.#closed) throw this.#closedError(methodName(call.method));
      await this.#change(call, "");
    }
    return this.#subsets.routes;
  }

  /** Sends the call to one endpoint of its subset; waits for one, until the deadline, when there is none. */
  readonly send: Handler = (call) => {
    const sent = this.#attempt(call);
    return sent instanceof Promise ? sent : this.#sendLater(call, sent);
  };

  /** Sends it, or says why there is no endpoint for it. */
  #attempt(call: Call): Promise<Reply> | Refusal {
    if (this.#closed) return Promise.reject(this.#closedError(methodName(call.method)));
    const subset = this.#subsets.get(call.route?.subset.name);
    const picked = subset.balancer.pick({ call, tried: call.tried });
    if (isNoPick(picked)) return { subset, reason: picked.reason };
    return this.#sendTo(picked as ClusterEndpoint, subset, call);
  }

  async #sendLater(call: Call, first: Refusal): Promise<Reply> {
    for (let { subset, reason } = first; ;) {
      if (call.tried.length > 0) {
        // Each has refused it once: give them a moment, then ask all of them again.
        call.tried.length = 0;
        await pause(this.#env.clock, roundPauseMs * (0.5 + this.#env.random()), call);
      } else {
        await this.#change(call, `in subset "${subset.name}": ${reason} `);
      }
      const sent = this.#attempt(call);
      if (sent instanceof Promise) return sent;
      ({ subset, reason } = sent);
    }
  }

  /** Resolves when at least one endpoint can take calls. */
  async ready(signal: AbortSignal): Promise<void> {
    while (this.#members.available.length === 0) {
      if (this.#closed) throw this.#closedError(this.#env.service);
      await new Promise<void>((resolve, reject) => {
        const woken = (): void => {
          signal.removeEventListener("abort", aborted);
          resolve();
        };
        const aborted = (): void => {
          this.#waiting.delete(woken);
          reject(new RpcError(Code.Unavailable, this.#members.describe(), { path: this.#env.service }));
        };
        if (signal.aborted) return aborted();
        this.#waiting.add(woken);
        signal.addEventListener("abort", aborted, { once: true });
      });
    }
  }

  /** Calls in flight get `graceMs` to end; those that wait for an endpoint, and new ones, fail. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    await this.#members.close(graceMs);
    this.#subsets.close();
  }

  async #sendTo(endpoint: ClusterEndpoint, subset: BalancedSubset, call: Call): Promise<Reply> {
    // Reserved in the same turn as the pick, or a burst would not see its own calls.
    endpoint.stats.inflight++;
    call.attempts.push(endpoint);
    call.tried.push(endpoint);
    const startedMs = this.#env.clock.now();
    endpoint.watch?.sent(startedMs);
    let openedMs: number | undefined;
    const settled = (error: RpcError | undefined): void => {
      const nowMs = this.#env.clock.now();
      // A stream that its server asks to open elsewhere was no failure of the server's.
      const handedOver = openedMs !== undefined && error !== undefined && endedByDrain(error);
      const outcome = {
        code: handedOver ? Code.Ok : (error?.code ?? Code.Ok),
        latencyMs: (openedMs ?? nowMs) - startedMs,
        processed: error?.processed ?? "yes",
      };
      endpoint.stats.inflight--;
      endpoint.stats.record(outcome, nowMs);
      if (!error || error.origin === "remote") {
        endpoint.watch?.heard(nowMs);
        endpoint.proven ||= !error || !isUnknownMethod(error, call);
      }
      this.#env.onAttempt?.(endpoint, outcome, call);
      subset.settled(endpoint, outcome);
    };
    try {
      const reply = await endpoint.transport.call(call);
      whenEnded(reply, settled);
      if (!reply.responseStream) return reply;
      openedMs = this.#env.clock.now();
      endpoint.watch?.heard(openedMs);
      return {
        ...reply,
        response: mapStream(reply.response, { value: (message: object) => this.#heard(endpoint, message) }),
      };
    } catch (error) {
      settled(RpcError.from(error));
      throw this.#elsewhere(RpcError.from(error), endpoint, subset, call) ?? error;
    }
  }

  /** A server that does not have the service is the wrong one, as long as there is another to ask. */
  #elsewhere(
    error: RpcError,
    endpoint: ClusterEndpoint,
    subset: BalancedSubset,
    call: Call,
  ): RpcError | undefined {
    if (endpoint.proven || !isUnknownMethod(error, call)) return undefined;
    this.#members.disown(endpoint);
    if (!subset.hasOther(call.tried)) return undefined;
    const reason = `${endpoint.instance.id} does not have the service: ${error.reason}`;
    return new RpcError(Code.Unavailable, reason, { path: error.path, processed: "no", cause: error });
  }

  #heard(endpoint: ClusterEndpoint, message: object): object {
    endpoint.watch?.heard(this.#env.clock.now());
    return message;
  }

  /** `cancelled`, not `unavailable`: there is nothing left to try. */
  #closedError(path: string): RpcError {
    return new RpcError(Code.Cancelled, "the client is closed", { path, processed: "no" });
  }

  #changed(): void {
    this.#subsets.update(this.#members);
    const woken = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of woken) wake();
  }

  /** Resolves at the next change; rejects when the call ends first, naming what was missing when that was its deadline. */
  #change(call: Call, reason: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const woken = (): void => {
        uncancel();
        resolve();
      };
      this.#waiting.add(woken);
      const uncancel = call.onCancel((cancelled) => {
        this.#waiting.delete(woken);
        if (cancelled.code !== Code.DeadlineExceeded) return reject(cancelled);
        const detail = `no endpoint until the deadline ${reason}(${this.#members.describe()})`;
        reject(
          new RpcError(Code.Unavailable, detail, {
            path: methodName(call.method),
            processed: "no",
            cause: cancelled,
          }),
        );
      });
    });
  }
}
