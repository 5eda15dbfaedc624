import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { EtcdServer } from "@rollcall/testing";
import { expect, it } from "vitest";

const program = (name: string): string => join(import.meta.dirname, "../dist", name);

it("greets from a service that the caller found in the registry", async () => {
  await using etcd = await EtcdServer.start();
  const env = { ...process.env, ROLLCALL_REGISTRY: etcd.url, ROLLCALL_HOST: "127.0.0.1" };
  const service = spawn(process.execPath, [program("service.js")], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  try {
    const caller = await promisify(execFile)(process.execPath, [program("caller.js")], { env });
    expect(caller.stdout.trim().split("\n")).toEqual(
      ["Ada", "Grace", "Barbara"].map((name) => `Hello, ${name}, from process ${service.pid}`),
    );
  } finally {
    service.kill("SIGTERM");
    expect(await once(service, "exit")).toEqual([0, null]);
  }
});
