import { fileURLToPath } from "node:url";
import { exitText, FleetProcess } from "@rollcall/testing/fleet";
import { describe, expect, it } from "vitest";
import { launchService } from "../processes/service-process.js";
import { typeScript } from "../programs.js";

const script = fileURLToPath(new URL("../fixtures/secretive-service.ts", import.meta.url));

/** Everything that a process has written, when it has ended. */
async function outputOf(env: Readonly<Record<string, string>>): Promise<string> {
  const args = [...typeScript, script];
  await using process = await FleetProcess.start({ args, env }, { name: "secretive" });
  expect(exitText(await process.exit)).toBe("code 1");
  return process.logs.join("\n");
}

describe("what a process writes", () => {
  it.each([
    ["JSON lines", { ROLLCALL_LOG_FORMAT: "json" }],
    ["readable lines", { ROLLCALL_LOG_FORMAT: "pretty" }],
    ["lines of the user's own logger", { OWN_LOGGER: "yes" }],
  ])("has no secret of metadata, requests, URLs and foreign errors in %s", async (_, env) => {
    const output = await outputOf({ ROLLCALL_LOG_LEVEL: "trace", ...env });
    // What an operator needs is there: where it failed and why, in the handler's own words.
    for (const text of [
      "handler threw",
      "response cannot be serialised",
      "seen in the handler",
      "seen by the caller",
      "uncaught: stopping",
      "shop.v1.Orders/Get [internal]: internal error",
      "thrown accident",
      "thrown first",
      "thrown second",
      "thrown stream",
      "thrown uncaught",
      "charging failed",
      "shop.v1.Billing/Charge [aborted]: declined",
      "http://***@host/accident",
    ])
      expect(output.includes(text), `no "${text}" in the output`).toBe(true);
    expect(output).not.toMatch(/s3cret/);
    expect(output).not.toContain(Buffer.from("s3cret").toString("base64").slice(0, 7));
  });

  it.each([
    ["that does not answer", "etcd://root:s3cret@127.0.0.1:1"],
    ["of an unknown kind", "etcd3://root:s3cret@127.0.0.1:1"],
    ["that is no URL", "root:s3cret@127.0.0.1:1"],
    ["without a host", "etcd://root:s3cret"],
    ["with a password that is not encoded", "etcd://root:s3/cret@127.0.0.1:1"],
  ])("has no password of a registry %s", async (_, registry) => {
    const env = {
      ROLLCALL_STARTUP: "fail-fast",
      ROLLCALL_STARTUP_TIMEOUT_MS: "1500",
      ROLLCALL_LOG_LEVEL: "trace",
    };
    await using service = await launchService(registry, env);
    expect(exitText(await service.exit)).toBe("code 1");
    const output = service.logs.join("\n");
    expect(output).toMatch(/registry/);
    expect(output).not.toMatch(/s3\/?cret/);
  });
});
