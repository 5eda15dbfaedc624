import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serviceVariables } from "./environment.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "dev-env-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const dotEnv = (text: string): Promise<void> => writeFile(path.join(folder, ".env"), text);

describe("a service's variables", () => {
  it("are those of development, where nothing is set", async () => {
    expect(await serviceVariables(folder, {}, true)).toEqual({
      variables: {
        ROLLCALL_HOST: "127.0.0.1",
        ROLLCALL_PORT: "0",
        ROLLCALL_REFLECTION: "true",
        ROLLCALL_LOG_FORMAT: "pretty",
      },
      registry: undefined,
      hasId: false,
      hasPort: false,
      gracePeriodMs: 30_000,
    });
    expect((await serviceVariables(folder, {}, false)).variables).not.toHaveProperty("ROLLCALL_LOG_FORMAT");
  });

  it("come from .env, where the process has not set them itself", async () => {
    await dotEnv(
      [
        'ROLLCALL_REGISTRY="etcd://10.0.0.1:2379"',
        "ROLLCALL_PORT=50051",
        "ROLLCALL_INSTANCE_ID=blue",
        "ROLLCALL_GRACE_PERIOD_MS=1000",
        "ROLLCALL_LOG_FORMAT=json",
        "DATABASE=from-file",
        "TOKEN=from-file",
      ].join("\n"),
    );
    const own = { TOKEN: "own", ROLLCALL_REFLECTION: "false", ROLLCALL_LOG_FORMAT: "auto" };
    expect(await serviceVariables(folder, own, true)).toEqual({
      variables: {
        ROLLCALL_REGISTRY: "etcd://10.0.0.1:2379",
        ROLLCALL_PORT: "50051",
        ROLLCALL_INSTANCE_ID: "blue",
        ROLLCALL_GRACE_PERIOD_MS: "1000",
        ROLLCALL_HOST: "127.0.0.1",
        ROLLCALL_REFLECTION: "false",
        ROLLCALL_LOG_FORMAT: "auto",
        DATABASE: "from-file",
      },
      registry: "etcd://10.0.0.1:2379",
      hasId: true,
      hasPort: true,
      gracePeriodMs: 1000,
    });
  });

  it("count as not set where they are empty", async () => {
    await dotEnv("ROLLCALL_REGISTRY=\nROLLCALL_PORT=7000\n");
    const own = { ROLLCALL_INSTANCE_ID: " ", ROLLCALL_PORT: "" };
    const service = await serviceVariables(folder, own, false);
    expect(service).toMatchObject({ registry: undefined, hasId: false, hasPort: true });
    expect(service.variables["ROLLCALL_PORT"]).toBe("7000");
  });

  it("leave to the service what is not valid", async () => {
    await dotEnv("ROLLCALL_PORT=abc\nROLLCALL_GRACE_PERIOD_MS=long\nno equals sign\n=x\n\u0000\n");
    const service = await serviceVariables(folder, {}, false);
    expect(service).toMatchObject({ hasPort: true, gracePeriodMs: 30_000 });
    expect(service.variables["ROLLCALL_PORT"]).toBe("abc");
  });

  it("do without a .env that is a folder", async () => {
    await mkdir(path.join(folder, ".env"));
    expect(await serviceVariables(folder, {}, false)).toMatchObject({ registry: undefined });
  });
});
