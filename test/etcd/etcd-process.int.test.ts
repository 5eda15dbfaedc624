import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { findEtcd, startEtcd } from "@rollcall/testing";
import { describe, expect, test } from "vitest";
import { withoutRealEtcd } from "./describe-etcd.js";
import { eventually } from "./conformance/session.js";

const parent = `
import { startEtcd } from "@rollcall/testing";
const etcd = await startEtcd();
await etcd.pause();
console.log(JSON.stringify({ pid: etcd.pid, logFile: etcd.logFile }));
`;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

if (findEtcd() === undefined) withoutRealEtcd("a real etcd as a process");
else {
  describe("a real etcd as a process", () => {
    test("leaves no process and no files behind", async () => {
      const etcd = await startEtcd();
      const { pid, logFile } = etcd;
      expect(isAlive(pid!)).toBe(true);
      await etcd.close();
      expect(isAlive(pid!)).toBe(false);
      expect(existsSync(dirname(logFile))).toBe(false);
    });

    test("is not started again by a wipe under way when it is closed", async () => {
      const etcd = await startEtcd();
      const wiped = etcd.wipe().then(
        () => "it serves",
        (error: Error) => error.message,
      );
      await etcd.close();
      expect(await wiped).toContain("is closed");
      expect(etcd.pid).toBeUndefined();
      expect(existsSync(dirname(etcd.logFile))).toBe(false);
    });

    test("ends with its parent, even when that is killed and etcd is paused", async () => {
      const child = spawn(process.execPath, ["--input-type=module", "--eval", parent], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
      const { pid, logFile } = JSON.parse(line) as { pid: number; logFile: string };
      child.kill("SIGKILL");
      await eventually(() => Promise.resolve(!isAlive(pid) && !existsSync(dirname(logFile))));
    });

    test("says what etcd said when it does not start, and keeps its log", async () => {
      const failure = await startEtcd({ extraArgs: ["--no-such-flag"] }).then(
        () => "it started",
        (error: Error) => error.message,
      );
      expect(failure).toMatch(/^etcd ended with code \d[^]*no-such-flag/);
      const logFile = /\((.*etcd\.log)\)/.exec(failure)![1]!;
      expect(readFileSync(logFile, "utf8")).toContain("no-such-flag");
      rmSync(dirname(logFile), { recursive: true });
    });

    test("refuses a port that somebody took while it was down", async () => {
      const etcd = await startEtcd();
      await etcd.stop();
      const other = createServer();
      await new Promise<void>((listening) => other.listen(etcd.port, "127.0.0.1", listening));
      await expect(etcd.start()).rejects.toThrow("address already in use");
      await new Promise((closed) => other.close(closed));
      await etcd.start();
      await etcd.close();
    });
  });
}
