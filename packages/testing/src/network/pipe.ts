/** Takes something to the other end of the wire. */
export type Carry = (arrive: () => void) => void;

/** HTTP/2's first window, and how many messages Node's streams take beyond what is on the way. */
const windowBytes = 65_535;
const windowMessages = 16;
/** gRPC's prefix of a message: so many empty ones do not fit either. */
const prefixBytes = 5;

/** The messages of one direction of a stream: in order, and no more under way than the window. */
export class Pipe {
  readonly #carry: Carry;
  readonly #arrived: Buffer[] = [];
  #bytes = 0;
  #messages = 0;
  #writer: (() => void) | undefined;
  #reader: PromiseWithResolvers<Buffer | undefined> | undefined;
  #end: { readonly error: Error | undefined } | undefined;
  #abandoned = false;

  constructor(carry: Carry) {
    this.#carry = carry;
  }

  /** Resolves when there is room for another, or the writer has given up. */
  async write(message: Buffer): Promise<void> {
    this.#bytes += message.length + prefixBytes;
    this.#messages++;
    this.#carry(() => this.#arrive(message));
    while (!this.#abandoned && (this.#bytes >= windowBytes || this.#messages >= windowMessages))
      await new Promise<void>((resolve) => (this.#writer = resolve));
  }

  /** After the last message. */
  end(): void {
    this.#carry(() => this.close());
  }

  /** The writer gives up: it does not wait for room any more. What it has written still arrives. */
  abandon(): void {
    this.#abandoned = true;
    this.#wakeWriter();
  }

  /** The next message, or undefined at the end; rejects with the error that the pipe was closed with. */
  read(): Promise<Buffer | undefined> {
    const message = this.#arrived.shift();
    if (message) {
      this.#bytes -= message.length + prefixBytes;
      this.#messages--;
      this.#wakeWriter();
      return Promise.resolve(message);
    }
    if (this.#end?.error) return Promise.reject(this.#end.error);
    if (this.#end) return Promise.resolve(undefined);
    this.#reader = Promise.withResolvers();
    return this.#reader.promise;
  }

  /** At the reader's end: no more will come. With an error, what has come and was not read is lost too. */
  close(error?: Error): void {
    if (this.#end && (this.#end.error || !error)) return;
    this.#end = { error };
    if (error) this.#arrived.length = 0;
    const reader = this.#reader;
    this.#reader = undefined;
    if (error) reader?.reject(error);
    else reader?.resolve(undefined);
  }

  #arrive(message: Buffer): void {
    if (this.#end) return;
    this.#arrived.push(message);
    const reader = this.#reader;
    if (!reader) return;
    this.#reader = undefined;
    reader.resolve(this.read());
  }

  #wakeWriter(): void {
    const writer = this.#writer;
    this.#writer = undefined;
    writer?.();
  }
}
