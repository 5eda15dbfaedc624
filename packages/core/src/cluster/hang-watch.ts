import type { Call } from "../call/call.js";
import { Code } from "../code.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import type { Clock } from "../ports/clock.js";
import type { ConnectionState } from "../ports/endpoint.js";
import type { Connection } from "../ports/transport.js";
import { answers } from "./probe.js";

export interface HangWatchEnv {
  readonly service: string;
  /** The instance, in errors. */
  readonly name: string;
  readonly connection: Connection;
  readonly clock: Clock;
  /** From 0 up to 1. */
  random(): number;
  /**
   * How long calls may be in flight with nothing coming back before the server is asked whether it lives, and how long it
   * has to answer then. Default 500; 0 turns the watch off.
   */
  readonly hangTimeoutMs?: number | undefined;
  readonly stats: { readonly inflight: number };
  /** It hangs, or it no longer does. */
  onChange(hung: boolean): void;
}

/** A connection with a link is asked this often when nothing else is said on it, 10 % either way. */
const idle = { afterMs: 10_000, answerMs: 5_000, jitter: 0.1 };
/** One that hangs is asked again and again, 20 % either way. */
const backoff = { firstMs: 500, factor: 2, mostMs: 5_000, jitter: 0.2 };
/**
 * A wait for an answer is made of so many parts. One that takes longer than it should counts once: then it was we who
 * stood still. After the last, what has arrived meanwhile gets a moment to be read.
 */
const parts = 5;
const lastPartMs = 10;

interface Question {
  readonly abort: AbortController;
  partMs: number;
  partsLeft: number;
  /** Nobody waited for an answer when it was asked. */
  idle: boolean;
}

/**
 * Finds out when the process at the other end of a connection no longer does anything, though the connection is there:
 * when calls have gone out and nothing at all has come back for a while, it is asked, and one that does not answer that
 * either is hung until it answers. A slow handler costs a question, no more.
 */
export class HangWatch {
  readonly #env: HangWatchEnv;
  readonly #quietMs: number;
  /** Since when something was sent and nothing heard. */
  #unheardMs: number | undefined;
  #heardMs: number;
  /** How long that may last; longer after each question that was answered while calls went on in silence. */
  #patienceMs: number;
  #question: Question | undefined;
  #hung = false;
  #failures = 0;
  #watching = false;
  #dueMs = Infinity;
  #stopTimer: () => void = () => {};

  constructor(env: HangWatchEnv) {
    this.#env = env;
    this.#quietMs = env.hangTimeoutMs ?? 500;
    this.#patienceMs = this.#quietMs;
    this.#heardMs = env.clock.now();
    this.connectionChanged(env.connection.state);
  }

  /** It has stopped answering. */
  get hung(): boolean {
    return this.#hung;
  }

  /** Ends those of its calls that are then repeated, if it hangs: for when there are others to take them. */
  endCalls(): void {
    if (this.#hung) this.#env.connection.abort?.((call) => this.#reasonToEnd(call));
  }

  /** A call has gone out. */
  sent(nowMs: number): void {
    if (this.#unheardMs !== undefined && this.#patienceMs === this.#quietMs) return;
    this.#unheardMs = nowMs;
    this.#patienceMs = this.#quietMs;
    if (!this.#watching || this.#hung) return;
    const question = this.#question;
    if (!question) return this.#arm(nowMs + this.#quietMs);
    if (!question.idle) return;
    // It is asked already, but now somebody waits.
    question.idle = false;
    question.partMs = this.#quietMs / parts;
    question.partsLeft = 2 * parts;
    this.#arm(nowMs + question.partMs);
  }

  /** Something of a call has come back: it lives. */
  heard(nowMs: number): void {
    this.#patienceMs = this.#quietMs;
    this.#alive(nowMs);
  }

  connectionChanged(state: ConnectionState): void {
    const watching = this.#quietMs > 0 && (state === "ready" || state === "draining");
    if (watching === this.#watching) return;
    this.#watching = watching;
    if (!watching) return this.close();
    this.#heardMs = this.#env.clock.now();
    this.#next(this.#heardMs);
  }

  /** Stops watching. */
  close(): void {
    this.#watching = false;
    this.#stop();
    this.#forget();
    this.#unheardMs = undefined;
    this.#patienceMs = this.#quietMs;
    this.#failures = 0;
    // Without a word: whoever closes it, or changes the connection, looks at it next.
    this.#hung = false;
  }

  #alive(nowMs: number): void {
    this.#heardMs = nowMs;
    this.#unheardMs = this.#env.stats.inflight > 0 ? nowMs : undefined;
    if (!this.#watching) return;
    if (!this.#question && !this.#hung) {
      if (this.#unheardMs !== undefined) this.#arm(nowMs + this.#patienceMs);
      return;
    }
    this.#forget();
    this.#failures = 0;
    this.#next(nowMs);
    if (!this.#hung) return;
    this.#hung = false;
    this.#env.onChange(false);
  }

  /** Looks again when it may be time to ask. */
  #next(nowMs: number): void {
    const { connection, random } = this.#env;
    if (this.#unheardMs !== undefined) return this.#arm(this.#unheardMs + this.#patienceMs);
    if (connection.ping) this.#arm(nowMs + idle.afterMs * (1 + idle.jitter * (2 * random() - 1)));
  }

  #fire(): void {
    const nowMs = this.#env.clock.now();
    if (this.#question) return this.#waited(this.#question, nowMs);
    if (this.#hung) return this.#ask(false);
    const dueMs =
      this.#unheardMs !== undefined
        ? this.#unheardMs + this.#patienceMs
        : this.#heardMs + idle.afterMs * (1 - idle.jitter);
    if (nowMs < dueMs) return this.#next(this.#heardMs);
    if (this.#unheardMs !== undefined || this.#env.connection.ping) this.#ask(this.#unheardMs === undefined);
  }

  #ask(isIdle: boolean): void {
    const { connection, service, clock } = this.#env;
    const abort = new AbortController();
    const waitMs = isIdle ? idle.answerMs : this.#quietMs;
    const partMs = (this.#hung ? this.#pauseMs() : waitMs) / parts;
    const question = { abort, partMs, partsLeft: parts, idle: isIdle };
    this.#question = question;
    this.#arm(clock.now() + partMs);
    answers(connection, service, abort.signal).then(
      () => {
        if (this.#question !== question) return;
        // Calls go on in silence: no need to ask as often.
        this.#patienceMs = Math.min(idle.afterMs, this.#patienceMs * 2);
        this.#alive(clock.now());
      },
      () => {
        if (this.#question === question) this.#askLater();
      },
    );
  }

  #waited(question: Question, nowMs: number): void {
    if (--question.partsLeft > 0) return this.#arm(nowMs + question.partMs);
    if (question.partsLeft === 0) return this.#arm(nowMs + lastPartMs);
    if (this.#hung) {
      this.#forget();
      return this.#ask(false);
    }
    this.#hung = true;
    // The question stands: its answer may still come.
    question.partMs = this.#pauseMs() / parts;
    question.partsLeft = parts;
    this.#arm(nowMs + question.partMs);
    this.#env.onChange(true);
  }

  /** The connection could not carry the question. */
  #askLater(): void {
    this.#question = undefined;
    const nowMs = this.#env.clock.now();
    if (this.#hung) return this.#arm(nowMs + this.#pauseMs());
    this.#patienceMs = Math.min(idle.afterMs, this.#patienceMs * 2);
    this.#heardMs = nowMs;
    if (this.#unheardMs !== undefined) this.#unheardMs = nowMs;
    this.#next(nowMs);
  }

  #pauseMs(): number {
    const { firstMs, factor, mostMs, jitter } = backoff;
    const ms = Math.min(mostMs, firstMs * factor ** this.#failures++);
    return ms * (1 + jitter * (2 * this.#env.random() - 1));
  }

  /** Those that are not repeated wait: the process may come back, and they may have run. */
  #reasonToEnd(call: Call): RpcError | undefined {
    if (!call.claimRetry?.()) return undefined;
    const reason = `${this.#env.name} has stopped answering`;
    return new RpcError(Code.Unavailable, reason, { path: methodName(call.method), processed: "unknown" });
  }

  #forget(): void {
    const question = this.#question;
    this.#question = undefined;
    question?.abort.abort(new Error("no longer asked"));
  }

  #arm(dueMs: number): void {
    // One that fires early looks again; per call a timer is too much.
    if (dueMs >= this.#dueMs) return;
    this.#stop();
    this.#dueMs = dueMs;
    const { clock } = this.#env;
    this.#stopTimer = clock.timer(dueMs - clock.now(), () => {
      this.#dueMs = Infinity;
      this.#fire();
    });
  }

  #stop(): void {
    this.#stopTimer();
    this.#dueMs = Infinity;
  }
}
