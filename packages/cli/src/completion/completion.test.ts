import { memoryRegistry } from "@rollcall/registry";
import { describe, expect, it } from "vitest";
import { CommandLine } from "../fixtures/command-line.js";

/** What the last word may become, without the descriptions. */
async function words(...line: readonly string[]): Promise<readonly string[]> {
  const commandLine = new CommandLine();
  commandLine.offer();
  commandLine.offer({ address: "10.0.0.2:8080", service: "shop.v1.Billing", app: "billing" });
  commandLine.offer({ address: "10.0.0.3:8080", service: "old.Orders", app: "$(reboot)" });
  return complete(commandLine, line);
}

async function complete(line: CommandLine, typed: readonly string[]): Promise<readonly string[]> {
  const { code, out, err } = await line.rollcall("completion", "words", "--", ...typed);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out === "" ? [] : out.split("\n").map((each) => each.split("\t")[0] ?? "");
}

describe("completion", () => {
  it("knows commands and subcommands, but not the one it is made of", async () => {
    expect(await words("")).toEqual(expect.arrayContaining(["generate", "ls", "call", "rollout", "help"]));
    expect(await words("l")).toEqual(["ls", "log"]);
    expect(await words("rollout", "p")).toEqual(["pause", "promote"]);
    expect(await words("completion", "")).toEqual(["bash", "zsh", "fish", "help"]);
    expect(await words("nothing", "")).toEqual([]);
    expect(await words()).toEqual(await words(""));
  });

  it("knows the options of the command, wherever they stand", async () => {
    expect(await words("--v")).toEqual(["--version"]);
    expect(await words("ls", "--j")).toEqual(["--json"]);
    expect(await words("call", "Orders/Get", "{}", "--ad")).toEqual(["--address"]);
    expect(await words("rollout", "start", "orders", "--max")).toContain("--max-error-rate");
    expect(await words("call", "--", "--ad")).toEqual([]);
  });

  it("leaves values of options to the shell", async () => {
    expect(await words("call", "--proto", "")).toEqual([]);
    expect(await words("ls", "--registry", "sh")).toEqual([]);
    expect(await words("call", "--proto=a", "shop.v1.B")).toEqual(["shop.v1.Billing"]);
    expect(await words("call", "-I", "proto", "shop.v1.B")).toEqual(["shop.v1.Billing"]);
    expect(await words("call", "--json", "shop.v1.B")).toEqual(["shop.v1.Billing"]);
  });

  it("knows the services in the registry, by full name and else by the last part", async () => {
    expect(await words("call", "")).toEqual(["old.Orders", "shop.v1.Billing", "shop.v1.Orders"]);
    expect(await words("call", "shop.v1.O")).toEqual(["shop.v1.Orders"]);
    expect(await words("call", "Bil")).toEqual(["Billing"]);
    expect(await words("call", "Orders/Get", "")).toEqual([]);
    expect(await words("call", "-", "")).toEqual([]);
  });

  it("knows apps where a command takes one, and offers no name that a shell would act on", async () => {
    expect(await words("weight", "")).toEqual([
      "billing",
      "old.Orders",
      "orders",
      "shop.v1.Billing",
      "shop.v1.Orders",
    ]);
    expect(await words("rollout", "status", "o")).toEqual(["old.Orders", "orders"]);
  });

  it("asks the registry that the line names", async () => {
    const line = new CommandLine();
    await complete(line, ["ls", "--registry", "etcd://one:1", ""]);
    await complete(line, ["ls", "--registry=etcd://two:1", ""]);
    await complete(line, ["--registry", ""]);
    expect(line.opened).toEqual(["etcd://one:1", "etcd://two:1"]);
  });

  it("offers what it knows when the registry does not answer", async () => {
    const line = new CommandLine({ ...memoryRegistry(), ready: () => Promise.reject(new Error("gone")) });
    expect(await complete(line, ["call", ""])).toEqual([]);
    expect(await complete(line, ["c"])).toEqual(["call", "completion"]);
  });

  it("waits half a second for a registry", async () => {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const line = new CommandLine({
      ...memoryRegistry(),
      ready: (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
          resolve();
        }),
    });
    const running = complete(line, ["call", ""]);
    await asked;
    await line.clock.advance(500);
    expect(await running).toEqual([]);
  });

  it("has a script for each shell", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, out } = await new CommandLine().rollcall("completion", shell);
      expect(code).toBe(0);
      expect(out).toContain(`rollcall completion ${shell}`);
      expect(out).toContain("rollcall completion words -- ");
    }
    expect((await new CommandLine().rollcall("completion", "tcsh")).code).toBe(2);
  });

  it("describes what it offers", async () => {
    const { out } = await new CommandLine().rollcall("completion", "words", "--", "ls", "--json");
    expect(out).toBe("--json\tprint an array of services as JSON");
  });
});
