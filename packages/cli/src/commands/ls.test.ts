import type { RegistryBackend } from "@rollcall/core";
import { memoryRegistry } from "@rollcall/registry";
import { describe, expect, it } from "vitest";
import { CommandLine } from "../fixtures/command-line.js";

describe("rollcall ls", () => {
  it("shows instances by service, what they count, and the policy", async () => {
    const line = new CommandLine();
    line.offer();
    line.offer({ address: "10.0.0.2:8080", version: "1.5.0", track: "canary", zone: "b", weight: 0 });
    line.offer({ address: "10.0.0.3:8080", id: "blue", weight: 40, state: "draining" });
    line.offer({ service: "shop.v1.Refunds" });
    await line.rollcall("weight", "Orders", "--version", "1.5.0", "--percent", "5");
    await line.rollcall("weight", "Orders", "--id", "blue", "--weight", "7");
    expect((await line.rollcall("ls")).out.split("\n")).toEqual([
      "  instance       address        version  track   zone  state     weight  effective",
      "shop.v1.Orders  stable 1.4.0; 1.5.0 at 5 %; weight of id blue 7",
      "  10.0.0.1:8080                 1.4.0    stable  a     up           100        100",
      "  10.0.0.2:8080                 1.5.0    canary  b     up             0        100",
      "  blue           10.0.0.3:8080  1.4.0    stable  a     draining      40          7",
      "shop.v1.Refunds  no policy",
      "  10.0.0.1:8080                 1.4.0    stable  a     up           100        100",
    ]);
  });

  it("gives scripts everything, lease included", async () => {
    const memory = memoryRegistry();
    const registry: RegistryBackend = {
      ...memory,
      list: async (...args) =>
        (await memory.list(...args)).map(({ instance }) => ({ instance, leaseLeftMs: 8400 })),
    };
    const line = new CommandLine(registry);
    line.offer({ weight: 0 });
    await line.rollcall("weight", "Orders", "--stable", "1.4.0", "--version", "1.5.0", "--percent", "5");
    const [service] = JSON.parse((await line.rollcall("ls", "Orders", "--json")).out) as unknown[];
    expect(service).toMatchObject({
      service: "shop.v1.Orders",
      policy: { gen: 1, stable: "1.4.0" },
      instances: [{ id: "10.0.0.1:8080", weight: 0, effectiveWeight: 100, leaseLeftMs: 8400 }],
    });
    expect((await line.rollcall("ls")).out).toContain("  8s");
  });

  it("says so when there is nothing, and knows a service by its document alone", async () => {
    const line = new CommandLine();
    expect(await line.rollcall("ls")).toMatchObject({ code: 0, out: "no instances" });
    expect(await line.rollcall("ls", "--json")).toMatchObject({ code: 0, out: "[]" });
    expect(await line.rollcall("ls", "shop.v1.Orders")).toMatchObject({ code: 2 });
    const policy = { gen: 1, stable: "1.4.0", rules: [], by: "mia", reason: "", at: 0 };
    await line.registry.rollouts!.compareAndSet(
      [{ service: "shop.v1.Orders", revision: 0, policy }],
      new AbortController().signal,
    );
    expect(await line.rollcall("ls", "shop.v1.Orders")).toMatchObject({
      code: 0,
      out: "shop.v1.Orders  stable 1.4.0",
    });
  });

  it("shows a document that is not a policy as such, without its control characters", async () => {
    const memory = memoryRegistry();
    const line = new CommandLine({
      ...memory,
      rollouts: {
        ...memory.rollouts!,
        read: async (service) => ({ service, revision: 7, policy: undefined, fault: "stable: is \u001b[2J" }),
      },
    });
    line.offer();
    expect((await line.rollcall("ls")).out).toContain(
      "shop.v1.Orders  not a policy: stable: is \\u001b[2J\n  10.0.0.1:8080",
    );
    const refused = await line.rollcall("weight", "Orders", "--version", "1", "--percent", "5");
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("correct or delete the key rollout/shop.v1.Orders");
    expect((await line.rollcall("rollout", "status")).out).toContain("not a policy: stable: is");
    expect((await line.rollcall("rollout", "abort", "Orders")).code).toBe(1);
  });
});
