import { Etcd3 } from "etcd3";

/** The token etcd gives for a user and password, shared by all connections of a registry. */
export class Auth {
  /** What calls carry now; empty when etcd has authentication off. */
  token: string | undefined;
  readonly #user: { readonly name: string; readonly password: string } | undefined;
  readonly #dial: (endpoint: string) => Etcd3;
  #pending: Promise<void> | undefined;

  constructor(
    user: { readonly name: string; readonly password: string } | undefined,
    dial: (endpoint: string) => Etcd3,
  ) {
    this.#user = user;
    this.#dial = dial;
  }

  /** Whether calls need a token. */
  get needed(): boolean {
    return this.#user !== undefined;
  }

  /** Gets a token when there is none; rejects with etcd's refusal. */
  async obtain(endpoint: string): Promise<void> {
    if (!this.#user || this.token !== undefined) return;
    this.#pending ??= this.#authenticate(endpoint, this.#user).finally(() => {
      this.#pending = undefined;
    });
    await this.#pending;
  }

  /** Forgets a token that etcd refused, unless a newer one is in use already. */
  drop(refused: string | undefined): void {
    if (this.token === refused) this.token = undefined;
  }

  async #authenticate(endpoint: string, user: { name: string; password: string }): Promise<void> {
    // A client of its own, so that no idle connection stays behind.
    const client = this.#dial(endpoint);
    try {
      this.token = (await client.auth.authenticate({ name: user.name, password: user.password })).token;
    } catch (error) {
      if (!(error instanceof Error && error.message.includes("authentication is not enabled"))) throw error;
      this.token = "";
    } finally {
      client.close();
    }
  }
}
