import type { RegistryBackend } from "@rollcall/core";
import { memoryRegistry, staticRegistry } from "@rollcall/registry";
import { settle } from "@rollcall/testing";
import { describe, expect, it } from "vitest";
import { CommandLine } from "./fixtures/command-line.js";

/** Never answers. */
function silent(): RegistryBackend {
  return {
    ...memoryRegistry(),
    description: "etcd://10.0.0.1:2379",
    ready: (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      }),
  };
}

describe("the registry of a command", () => {
  it("is that of --registry, else of ROLLCALL_REGISTRY, else etcd on this machine", async () => {
    const line = new CommandLine();
    await line.rollcall("ls");
    line.variables = { ROLLCALL_REGISTRY: "etcd://b:1" };
    await line.rollcall("ls");
    await line.rollcall("ls", "--registry", "etcd://a:1");
    expect(line.opened).toEqual(["etcd://127.0.0.1:2379", "etcd://b:1", "etcd://a:1"]);
  });

  it("is given up on with exit code 3 when it does not answer in time", async () => {
    const line = new CommandLine(silent());
    const { done } = line.start(["ls", "--timeout", "200ms"]);
    await settle();
    await line.clock.advance(200);
    expect(await done).toEqual({
      code: 3,
      out: "",
      err: "error: registry etcd://10.0.0.1:2379 did not answer within 200ms; check --registry or ROLLCALL_REGISTRY",
    });
  });

  it("may stop to answer while it writes: then the change may have been made", async () => {
    const memory = memoryRegistry();
    const line = new CommandLine({
      ...memory,
      rollouts: {
        ...memory.rollouts!,
        compareAndSet: (_, signal) => silent().ready(signal) as Promise<never>,
      },
    });
    line.offer();
    const { done } = line.start(["weight", "Orders", "--version", "1", "--percent", "5"]);
    await settle();
    await line.clock.advance(5000);
    expect(await done).toMatchObject({
      code: 3,
      err: expect.stringContaining("the change may have been written: see rollcall log shop.v1.Orders"),
    });
  });

  it("can be listed without policies, but must hold them for commands about them", async () => {
    const line = new CommandLine(staticRegistry({ "shop.v1.Orders": ["10.0.0.1:80"] }));
    expect(await line.rollcall("ls")).toMatchObject({
      code: 0,
      out: expect.stringContaining("shop.v1.Orders  no policy\n  10.0.0.1:80"),
    });
    const { code, err } = await line.rollcall(
      "weight",
      "Orders",
      "--stable",
      "1",
      "--version",
      "2",
      "--percent",
      "5",
    );
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining("holds no rollout rules") });
  });
});

describe("help", () => {
  it.each([["ls"], ["weight"], ["log"], ["rollout", "start"], ["rollout", "status"], ["rollout", "abort"]])(
    "of %s %s has examples and exit codes",
    async (...command) => {
      const { code, out } = await new CommandLine().rollcall(...command, "--help");
      expect(code).toBe(0);
      expect(out).toContain("Examples:");
      expect(out).toContain("Exit codes:");
    },
  );

  it("of rollout is shown with exit code 2 when no command follows", async () => {
    expect(await new CommandLine().rollcall("rollout")).toMatchObject({
      code: 2,
      err: expect.stringContaining("Usage: rollcall rollout"),
    });
  });
});
