import type { Call, Handler, Reply } from "../call/call.js";
import { LinkedList, type Link } from "../collections/linked-list.js";
import type { RpcError } from "../errors.js";

export interface StreamCallsEnv {
  /** Begins a call. */
  readonly begin: Handler;
  /** How many streams the server lets the connection have at once; undefined while nobody knows. */
  maxStreams(): number | undefined;
  /** Called when the last call that was under way has ended. */
  idle(): void;
}

interface WaitingCall {
  readonly call: Call;
  readonly resolve: (reply: Promise<Reply>) => void;
  readonly reject: (error: RpcError) => void;
  uncancel: () => void;
}

/**
 * The calls of a connection that have a stream of HTTP/2 each. The unary ones take half of the server's streams; beyond that
 * they wait here, in the order in which they came.
 *
 * At its limit HTTP/2 begins a stream as soon as another has ended. Node on the server counts a stream until a turn of the
 * event loop after it has ended, and refuses what is then above the limit as it would an attack: with ENHANCE_YOUR_CALM,
 * which does not say that no handler saw the call.
 */
export class StreamCalls {
  readonly #env: StreamCallsEnv;
  readonly #waiting = new LinkedList<WaitingCall>();
  #underWay = 0;
  #unary = 0;

  constructor(env: StreamCallsEnv) {
    this.#env = env;
  }

  /** Calls under way, and those that wait. */
  get size(): number {
    return this.#underWay + this.#waiting.size;
  }

  readonly call: Handler = (call) => {
    if (call.method.kind === "unary") return this.#isFull ? this.#wait(call) : this.#beginUnary(call);
    this.#underWay++;
    const reply = this.#env.begin(call);
    void reply.then(this.#replied, this.#left);
    return reply;
  };

  /** Ends all that wait: none of them was sent. */
  refuse(reasonOf: (call: Call) => RpcError): void {
    for (let waiting = this.#take(); waiting; waiting = this.#take()) waiting.reject(reasonOf(waiting.call));
  }

  get #isFull(): boolean {
    const most = this.#env.maxStreams();
    return most !== undefined && this.#unary >= Math.max(1, Math.floor(most / 2));
  }

  #wait(call: Call): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const waiting: WaitingCall = { call, resolve, reject, uncancel: () => {} };
      const link = this.#waiting.add(waiting);
      waiting.uncancel = call.onCancel((reason) => this.#giveUp(link, reason));
    });
  }

  #giveUp(link: Link<WaitingCall>, reason: RpcError): void {
    this.#waiting.remove(link);
    link.value.reject(reason);
  }

  #take(): WaitingCall | undefined {
    const waiting = this.#waiting.shift()?.value;
    waiting?.uncancel();
    return waiting;
  }

  #beginUnary(call: Call): Promise<Reply> {
    this.#underWay++;
    this.#unary++;
    const reply = this.#env.begin(call);
    void reply.then(this.#unaryReplied, this.#unaryLeft);
    return reply;
  }

  readonly #unaryReplied = ({ end }: Reply): void => void end.then(this.#unaryLeft);

  readonly #unaryLeft = (): void => {
    this.#unary--;
    if (this.#waiting.size > 0 && !this.#isFull) {
      const waiting = this.#take();
      waiting?.resolve(this.#beginUnary(waiting.call));
    }
    this.#left();
  };

  readonly #replied = ({ end }: Reply): void => void end.then(this.#left);

  readonly #left = (): void => {
    this.#underWay--;
    if (this.size === 0) this.#env.idle();
  };
}
