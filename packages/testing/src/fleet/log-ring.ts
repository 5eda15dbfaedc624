import { createWriteStream, type WriteStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** The last lines that a process wrote, and a file with all of them. */
export class LogRing {
  private readonly ring: string[] = [];
  private readonly file: WriteStream | undefined;
  private next = 0;

  /**
   * @param size lines kept; older ones are let go
   * @param path a file that all lines are appended to
   */
  constructor(
    private readonly size: number,
    path?: string,
  ) {
    this.file = path === undefined ? undefined : createWriteStream(path, { flags: "a" });
  }

  /** Oldest first. */
  get lines(): readonly string[] {
    return [...this.ring.slice(this.next), ...this.ring.slice(0, this.next)];
  }

  write(line: string): void {
    this.ring[this.next] = line;
    this.next = (this.next + 1) % this.size;
    this.file?.write(`${line}\n`);
  }

  /** Takes a stream's lines until it ends. */
  follow(stream: Readable): void {
    createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => this.write(line));
  }

  /** Resolves when the file has everything. */
  async close(): Promise<void> {
    const { file } = this;
    if (file) await new Promise<void>((resolve) => file.end(resolve));
  }
}
