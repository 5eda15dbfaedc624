import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { etcdRegistry } from "@rollcall/registry/etcd";
import { afterEach, expect, it } from "vitest";
import { rollcallMain } from "../../../../test/programs.js";

const children: ChildProcess[] = [];

function rollcall(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [rollcallMain, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  return child;
}

async function firstLine(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) return line;
  throw new Error("the command ended without a line");
}

afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill("SIGKILL");
});

it("serves an etcd that a registry can use, and ends in order on Ctrl-C", async () => {
  const child = rollcall("etcd", "--port", "0", "--json");
  const { url, pid } = JSON.parse(await firstLine(child)) as { url: string; pid: number };
  expect(pid).toBe(child.pid);
  {
    await using registry = etcdRegistry({ url });
    await registry.ready(AbortSignal.timeout(5_000));
  }
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([0, null]);
});

it("says which port is taken", async () => {
  const first = rollcall("etcd", "--port", "0", "--json");
  const { url } = JSON.parse(await firstLine(first)) as { url: string };
  const port = url.slice(url.lastIndexOf(":") + 1);
  const second = rollcall("etcd", "--port", port);
  let error = "";
  second.stderr!.on("data", (chunk: Buffer) => (error += chunk.toString()));
  const [code] = await once(second, "close");
  expect(code).not.toBe(0);
  expect(error).toContain(port);
});

it("refuses a port that is none", async () => {
  const child = rollcall("etcd", "--port", "abc");
  let error = "";
  child.stderr!.on("data", (chunk: Buffer) => (error += chunk.toString()));
  expect(await once(child, "close")).toEqual([2, null]);
  expect(error).toContain("expected a port from 0 to 65535");
});
