import type { Duplex } from "node:stream";

const lengthBytes = 4;

/** Texts with their lengths over one stream of bytes: those of one turn of the event loop go out in one write. */
class Texts {
  readonly #stream: Duplex;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Duplex, received: (text: string) => void) {
    this.#stream = stream;
    stream.on("data", (chunk: Buffer) => {
      const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
      let at = 0;
      while (at + lengthBytes <= bytes.length) {
        const end = at + lengthBytes + bytes.readUInt32BE(at);
        if (end > bytes.length) break;
        received(bytes.toString("utf8", at + lengthBytes, end));
        at = end;
      }
      this.#rest = bytes.subarray(at);
    });
  }

  send(text: string): void {
    const length = Buffer.byteLength(text);
    const bytes = Buffer.allocUnsafe(lengthBytes + length);
    bytes.writeUInt32BE(length);
    bytes.write(text, lengthBytes);
    if (this.#stream.writableCorked === 0) {
      this.#stream.cork();
      process.nextTick(() => this.#stream.uncork());
    }
    this.#stream.write(bytes);
  }
}

/** Answers each text with itself. */
export function echo(stream: Duplex): void {
  const texts = new Texts(stream, (text) => texts.send(text));
  stream.on("error", () => stream.destroy());
}

/** Calls whose answers come in the order of their requests. */
export function callsOver(stream: Duplex): (text: string) => Promise<string> {
  const waiting: PromiseWithResolvers<string>[] = [];
  const texts = new Texts(stream, (text) => waiting.shift()!.resolve(text));
  stream.on("error", (error) => {
    for (const { reject } of waiting.splice(0)) reject(error);
  });
  return (text) => {
    const call = Promise.withResolvers<string>();
    waiting.push(call);
    texts.send(text);
    return call.promise;
  };
}
