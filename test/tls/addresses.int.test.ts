import {
  Code,
  createClient,
  memoryRegistry,
  type RegistryBackend,
  type ServiceInstance,
} from "@rollcall/app";
import { afterEach, beforeEach, expect, it } from "vitest";
import { instance } from "../../packages/core/src/fixtures/contracts.js";
import { fakeLogger } from "../../packages/core/src/fixtures/fake-logger.js";
import { rawServer } from "../../packages/core/src/fixtures/sockets.js";
import { Billing } from "../fixtures/gen/shop/v1/shop.js";
import { Scene } from "./fixtures/scene.js";

let scene: Scene;
beforeEach(() => (scene = new Scene()));
afterEach(() => scene[Symbol.asyncDispose]());

/** A registry of which somebody else writes what it says. */
function poisoned(registry: RegistryBackend, addresses: readonly string[]): RegistryBackend {
  const forged = addresses.map((address, n): ServiceInstance =>
    instance(`forged-${n}`, { service: Billing.name, address, incarnation: "1-a" }),
  );
  registry.register(forged, new AbortController().signal);
  return registry;
}

it("gives an address that is not allowed one warning, and costs the others nothing", async () => {
  const forged = ["169.254.169.254:80", "[::ffff:a9fe:a9fe]:80", "[fe80::1]:80", "0xa9fea9fe:80"];
  poisoned(scene.registry, forged);
  await scene.serve();
  const client = scene.client();
  for (let n = 0; n < 20; n++) expect(await client.charge({})).toMatchObject({ ok: true });
  const unusable = scene.lines.filter(({ msg }) => msg === "unusable instance");
  expect(unusable.map(({ address }) => String(address)).toSorted()).toEqual(forged.toSorted());
});

it("sends nothing to a name that leads out of the allowed ranges", async () => {
  const bytes: Buffer[] = [];
  await using server = await rawServer((socket) => socket.on("data", (chunk) => bytes.push(chunk)));
  const { logger, lines } = fakeLogger();
  const registry = poisoned(memoryRegistry(), [`localhost:${server.port}`]);
  const before = process.env["ROLLCALL_ALLOWED_CIDRS"];
  process.env["ROLLCALL_ALLOWED_CIDRS"] = "10.0.0.0/8, fd00::/8";
  try {
    await using client = createClient(Billing, { registry, logger, timeoutMs: 2_000 });
    await expect(client.charge({})).rejects.toMatchObject({ code: Code.Unavailable });
  } finally {
    if (before === undefined) delete process.env["ROLLCALL_ALLOWED_CIDRS"];
    else process.env["ROLLCALL_ALLOWED_CIDRS"] = before;
  }
  expect(server.accepted).toBeGreaterThan(0);
  expect(bytes).toEqual([]);
  expect(lines.filter(({ level }) => level === 40)).toEqual([
    expect.objectContaining({
      msg: expect.stringMatching(/^connection failed: (127.0.0.1|::1) is not in 10/),
    }),
  ]);
  await registry[Symbol.asyncDispose]();
});
