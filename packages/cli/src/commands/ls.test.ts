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

  it("shows breakers that are not closed, by method and subset, and who has them", async () => {
    const line = new CommandLine();
    line.offer();
    line.offer({ service: "shop.v1.Refunds" });
    const since = Date.UTC(2026, 0, 1, 11, 59, 50);
    const breaker = {
      method: "shop.v1.Orders/Get",
      subset: "stable",
      state: "half-open",
      since,
      calls: 40,
      failures: 23,
    } as const;
    for (const [n, app] of ["checkout", "checkout", "cart", "", "web"].entries())
      await line.registry.breakers!.report(
        "shop.v1.Orders",
        {
          caller: `c${n}`,
          app,
          breakers: [
            { ...breaker, since: since + n, state: n === 1 ? "open" : "half-open" },
            ...(n === 3 ? [{ ...breaker, method: "shop.v1.Orders/List", subset: "version=1.5.0" }] : []),
          ],
        },
        new AbortController().signal,
      );
    expect((await line.rollcall("ls")).out.split("\n").slice(-5)).toEqual([
      "  10.0.0.1:8080  1.4.0    stable  a     up        100        100",
      "  breaker open  Get in subset stable  since 2026-01-01 11:59:50 in 5 callers: checkout c0 (23 of 40 calls failed), checkout c1 (23 of 40 calls failed), cart c2 (23 of 40 calls failed), 2 more",
      "  breaker half-open  List in subset version=1.5.0  since 2026-01-01 11:59:50 in 1 caller: c3 (23 of 40 calls failed)",
      "shop.v1.Refunds  no policy",
      "  10.0.0.1:8080  1.4.0    stable  a     up        100        100",
    ]);
    const [service, other] = JSON.parse((await line.rollcall("ls", "--json")).out) as unknown[];
    expect(service).toMatchObject({
      breakers: [
        {
          method: "shop.v1.Orders/Get",
          subset: "stable",
          state: "open",
          since,
          callers: [
            { caller: "c0", app: "checkout", state: "half-open", since, calls: 40, failures: 23 },
            { caller: "c1", state: "open" },
            {},
            {},
            {},
          ],
        },
        { method: "shop.v1.Orders/List" },
      ],
    });
    expect(other).toMatchObject({ breakers: [] });
  });

  it("shows what callers report without its control characters", async () => {
    const memory = memoryRegistry();
    const method = "shop.v1.Orders/\u001b[2JGet";
    const hostile = {
      method,
      subset: "\u202estable",
      state: "open",
      since: 0,
      calls: 1,
      failures: 1,
    } as const;
    const line = new CommandLine({
      ...memory,
      breakers: {
        ...memory.breakers!,
        reports: async () => [{ caller: "\u0007", app: "\n", breakers: [hostile] }],
      },
    });
    line.offer();
    const { out } = await line.rollcall("ls");
    expect(out).toContain(
      "\\u001b[2JGet in subset \\u202estable  since 1970-01-01 00:00:00 in 1 caller: \\n \\u0007 (",
    );
    expect((await line.rollcall("ls", "--json")).out).not.toContain("\u202e");
  });

  it("lists all the same when reports of breakers cannot be read, and says so", async () => {
    const memory = memoryRegistry();
    const reports = async (): Promise<never> => {
      throw new Error("permission denied");
    };
    const line = new CommandLine({ ...memory, breakers: { ...memory.breakers!, reports } });
    line.offer();
    const { code, out, err } = await line.rollcall("ls");
    expect(code).toBe(0);
    expect(out).toContain("10.0.0.1:8080");
    expect(err).toContain("open breakers are not shown: permission denied");
  });
});
