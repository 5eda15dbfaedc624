import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { App } from "@rollcall/app";
import { EtcdServer } from "@rollcall/testing";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ordersApp } from "./orders-app.js";
import { rollcallMain } from "../programs.js";

const root = join(import.meta.dirname, "../..");
const page = await readFile(join(root, "docs/guides/calling-services.md"), "utf8");

/** The commands of each block, what it exits with, and what the page says they print. */
const blocks = [...page.matchAll(/^```sh(?: fails=(\d))?\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?/gms)].map(
  ([, code = "0", commands = "", output]) => ({ commands, code: Number(code), output }),
);

let etcd: EtcdServer;
let app: App;
beforeAll(async () => {
  etcd = await EtcdServer.start({ port: 0 });
  app = ordersApp({ registry: etcd.url, reflection: true, logger: pino({ level: "silent" }) });
  await app.start();
});
afterAll(async () => {
  await app.force();
  await etcd[Symbol.asyncDispose]();
});

describe("the guide to calling services", () => {
  it("has commands", () => {
    expect(blocks.length).toBeGreaterThan(5);
  });

  it.each(blocks)("prints what it says: $commands", async ({ commands, code, output }) => {
    const script = `rollcall() { '${process.execPath}' '${rollcallMain}' "$@"; }\n${commands}`;
    const env = { ...process.env, ROLLCALL_REGISTRY: etcd.url, NO_COLOR: "1" };
    const ran = await promisify(execFile)("bash", ["-eu", "-o", "pipefail", "-c", script], {
      cwd: root,
      env,
    }).then(
      ({ stdout }) => ({ stdout, code: 0 }),
      (error: { stdout: string; code: number }) => error,
    );
    expect(ran.code).toBe(code);
    if (output !== undefined) expect(ran.stdout).toBe(output);
  });
});
