import type { Etcd3 } from "etcd3";
import { Auth } from "./auth.js";
import { dial } from "./dial.js";
import { isStaleToken, isUnreachable } from "./failure.js";
import type { EtcdSettings } from "./options.js";

/** One member as a link uses it now. */
export interface Member {
  readonly client: Etcd3;
  readonly endpoint: string;
}

/**
 * The way to etcd for one kind of traffic: one client of one member, replaced by a fresh one of the next member when it
 * fails. Kinds have links of their own because etcd3 drops a client's other calls when one of them fails.
 */
export class Link {
  readonly #settings: EtcdSettings;
  readonly #auth: Auth;
  #index: number;
  #member: Member | undefined;
  #failures = 0;
  #closed = false;

  constructor(settings: EtcdSettings, auth: Auth, random: () => number) {
    this.#settings = settings;
    this.#auth = auth;
    this.#index = Math.floor(random() * settings.endpoints.length);
  }

  /** One attempt at a unary call; a stale token is replaced and does not count as one. */
  async call<T>(run: (client: Etcd3) => Promise<T>): Promise<T> {
    for (let renewed = false; ; renewed = true) {
      const member = this.#current();
      try {
        await this.#auth.obtain(member.endpoint);
        const answer = await run(member.client);
        this.worked();
        return answer;
      } catch (error) {
        if (isStaleToken(error) && !renewed) continue;
        if (isUnreachable(error)) this.failed(member);
        throw error;
      }
    }
  }

  /** The member to open a stream on. Report how it went with `worked` and `failed`. */
  async member(): Promise<Member> {
    const member = this.#current();
    try {
      await this.#auth.obtain(member.endpoint);
    } catch (error) {
      if (isUnreachable(error)) this.failed(member);
      throw error;
    }
    return member;
  }

  worked(): void {
    this.#failures = 0;
  }

  /** The next use dials again when there is another member to try, or when this one has failed twice in a row. */
  failed(member: Member): void {
    if (this.#member !== member) return;
    this.#failures += 1;
    const { length } = this.#settings.endpoints;
    if (length === 1 && this.#failures < 2) return;
    this.#failures = 0;
    this.#index = (this.#index + 1) % length;
    this.#member = undefined;
    member.client.close();
  }

  close(): void {
    this.#closed = true;
    this.#member?.client.close();
    this.#member = undefined;
  }

  #current(): Member {
    if (this.#closed) throw new Error("etcd registry is closed");
    const endpoint = this.#settings.endpoints[this.#index] as string;
    this.#member ??= { client: dial(endpoint, this.#settings, this.#auth), endpoint };
    return this.#member;
  }
}

/** Links that share one token. */
export function createLinks(
  settings: EtcdSettings,
  random: () => number,
): { readonly auth: Auth; readonly kv: Link; readonly lease: Link; readonly watch: Link } {
  const auth = new Auth(settings.user, (endpoint) => dial(endpoint, settings, undefined));
  const link = (): Link => new Link(settings, auth, random);
  return { auth, kv: link(), lease: link(), watch: link() };
}
