import { fileURLToPath } from "node:url";
import type { GrpcServerLimits } from "@rollcall/core";
import { FleetProcess } from "@rollcall/testing/fleet";
import { connect } from "node:http2";
import { expect } from "vitest";
import type { VictimStats } from "./victim.js";
import { typeScript } from "../programs.js";

const script = fileURLToPath(new URL("./victim.ts", import.meta.url));

/** A server in a process of its own, under attack, and what an attack did to it. */
export class Victim implements AsyncDisposable {
  readonly port: number;
  readonly #process: FleetProcess;
  /** Before the attack. */
  #rss = 0;

  private constructor(process: FleetProcess, port: number) {
    this.#process = process;
    this.port = port;
  }

  /** Starts one with these limits over the defaults, and warms it up. */
  static async start(limits: Partial<GrpcServerLimits> = {}): Promise<Victim> {
    const args = ["--expose-gc", ...typeScript, script];
    const env = { VICTIM_LIMITS: JSON.stringify(limits) };
    const process = await FleetProcess.start({ args, env }, { name: "victim" });
    try {
      const asPort = (message: unknown): number | undefined => (message as { port?: number }).port;
      const victim = new Victim(process, await process.message(asPort, "port", 20_000));
      for (let n = 0; n < 200; n++) await victim.answers();
      victim.#rss = (await victim.stats()).peakRss;
      return victim;
    } catch (error) {
      await process.kill();
      throw error;
    }
  }

  /** @param collect whether garbage is collected before: for the heap, not for peaks */
  async stats(collect = false): Promise<VictimStats> {
    const asStats = (message: unknown): VictimStats | undefined => (message as { stats?: VictimStats }).stats;
    const stats = this.#process.message(asStats, "stats", 20_000);
    this.#process.send(collect ? "collect" : "stats");
    return await stats;
  }

  /** By how many MB its memory has been above what it was before, at most. */
  async peakGrowthMb(): Promise<number> {
    return ((await this.stats()).peakRss - this.#rss) / 1e6;
  }

  /** A fresh caller's unary call; the milliseconds until its answer. Fails when there is none within 5 s. */
  async answers(): Promise<number> {
    const begun = performance.now();
    const session = connect(`http://127.0.0.1:${this.port}`).on("error", () => {});
    try {
      const stream = session.request({
        ":path": "/test.v1.Echo/unary",
        ":method": "POST",
        "content-type": "application/grpc",
        te: "trailers",
      });
      const status = new Promise((resolve, reject) => {
        stream.on("trailers", (fields) => resolve(fields["grpc-status"]));
        stream.on("error", reject).on("close", () => reject(new Error("closed without an answer")));
        stream.setTimeout(5_000, () => reject(new Error("no answer within 5 s")));
      });
      stream.resume().end(Buffer.from([0, 0, 0, 0, 2, 0x7b, 0x7d]));
      expect(Number(await status)).toBe(0);
      return performance.now() - begun;
    } finally {
      session.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.kill();
  }
}

/** Prints what was measured and holds it to its bound. */
export function held(what: string, measured: number, most: number, unit: string): void {
  console.log(`${what}: ${Math.round(measured * 10) / 10} ${unit} (at most ${most})`);
  expect(measured, `${what} in ${unit}`).toBeLessThanOrEqual(most);
}
