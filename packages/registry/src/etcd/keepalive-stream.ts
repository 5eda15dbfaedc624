import type { Clock } from "@rollcall/core";
import type { Link, Member } from "./link.js";

type Stream = Awaited<ReturnType<Member["client"]["leaseClient"]["leaseKeepAlive"]>>;

/** Renews one lease over one stream, opened again when it breaks. */
export class KeepaliveStream {
  readonly #link: Link;
  readonly #clock: Clock;
  #open: { readonly stream: Stream; readonly member: Member } | undefined;
  #waiting: PromiseWithResolvers<number> | undefined;
  #closed = false;

  constructor(link: Link, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  /** Asks once; resolves with the time to live the server now gives, 0 or less when the lease is gone. */
  async renew(id: string, timeoutMs: number): Promise<number> {
    const { stream } = (this.#open ??= await this.#connect());
    const waiting = (this.#waiting = Promise.withResolvers<number>());
    const stop = this.#clock.timer(timeoutMs, () =>
      this.#broken(stream, new Error("etcd did not renew a lease in time")),
    );
    try {
      stream.write({ ID: id });
      const ttlMs = await waiting.promise;
      this.#link.worked();
      return ttlMs;
    } finally {
      stop();
      this.#waiting = undefined;
    }
  }

  /** Ends the stream, for good. */
  close(): void {
    this.#closed = true;
    if (this.#open) this.#broken(this.#open.stream, new Error("lease is closed"), true);
  }

  async #connect(): Promise<{ readonly stream: Stream; readonly member: Member }> {
    const member = await this.#link.member();
    const stream = await member.client.leaseClient.leaseKeepAlive();
    if (this.#closed) {
      stream.cancel();
      throw new Error("lease is closed");
    }
    stream.on("data", ({ TTL }) => this.#waiting?.resolve(Number(TTL) * 1000));
    stream.on("error", (error) => this.#broken(stream, error));
    stream.on("end", () => this.#broken(stream, new Error("etcd ended a lease stream")));
    return { stream, member };
  }

  #broken(stream: Stream, error: Error, onPurpose = false): void {
    if (this.#open?.stream !== stream) return;
    const { member } = this.#open;
    this.#open = undefined;
    stream.cancel();
    if (!onPurpose) this.#link.failed(member);
    this.#waiting?.reject(error);
  }
}
