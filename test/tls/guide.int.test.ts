import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createApp, type Container } from "@rollcall/app";
import { afterEach, expect, it, vi } from "vitest";
import type { AltName } from "../../packages/core/src/fixtures/certificates.js";
import { charge, Checkout } from "./fixtures/guide/client.js";
import { billing } from "./fixtures/guide/service.js";
import { Pki } from "./fixtures/pki.js";

const guide = readFileSync(join(import.meta.dirname, "../../docs/guides/security.md"), "utf8");

afterEach(() => vi.unstubAllEnvs());

/** A folder as the guide's code expects it. */
function folderFor(pki: Pki, name: string, names: readonly AltName[]): string {
  const folder = join(pki.folder, name);
  mkdirSync(folder);
  const { cert, key } = pki.authority.issue({ names });
  writeFileSync(join(folder, "tls.crt"), cert);
  writeFileSync(join(folder, "tls.key"), key);
  writeFileSync(join(folder, "ca.crt"), pki.authority.cert);
  return folder;
}

it("shows code that does what it says", async () => {
  for (const file of ["service.ts", "client.ts"]) {
    const code = readFileSync(join(import.meta.dirname, "fixtures/guide", file), "utf8");
    expect(guide).toContain(`\`\`\`ts\n${code.replace("../../../fixtures/gen", "./gen")}\`\`\``);
  }
  using pki = new Pki();
  const id = (name: string): AltName[] => [{ uri: `spiffe://prod.example/ns/shop/sa/${name}` }];
  // Variables lead both to one registry and keep the server quiet.
  vi.stubEnv("ROLLCALL_REGISTRY", "memory://");
  vi.stubEnv("ROLLCALL_HOST", "127.0.0.1");
  vi.stubEnv("ROLLCALL_LOG_LEVEL", "silent");
  vi.stubEnv("ROLLCALL_PROPAGATION_DELAY_MS", "0");
  await using app = billing(folderFor(pki, "billing", id("billing")));
  await app.start();
  expect(await charge(folderFor(pki, "orders", id("orders")))).toBe(true);
  expect(await charge(folderFor(pki, "gateway", [{ dns: "gateway.shop.svc" }]))).toBe(false);
  await expect(charge(folderFor(pki, "other", id("other")))).rejects.toThrow(
    '"spiffe://prod.example/ns/shop/sa/other" may not call here (tls.allowedPeers)',
  );
  const folder = folderFor(pki, "checkout", id("orders"));
  let container: Container | undefined;
  await using shop = createApp({
    name: "shop",
    bind: (own) => (container = own),
    tls: { certFile: `${folder}/tls.crt`, keyFile: `${folder}/tls.key`, caFile: `${folder}/ca.crt` },
  });
  await shop.start();
  expect(await container?.get(Checkout).pay(500)).toBe(true);
});

it("names every variable of TLS", () => {
  const rows = guide.match(/^\| `ROLLCALL_\w+`/gm)?.map((row) => row.slice(3, -1));
  expect(rows).toEqual([
    "ROLLCALL_TLS",
    "ROLLCALL_TLS_CERT_FILE",
    "ROLLCALL_TLS_KEY_FILE",
    "ROLLCALL_TLS_CA_FILE",
    "ROLLCALL_TLS_CLIENT_AUTH",
    "ROLLCALL_TLS_SERVER_NAME",
    "ROLLCALL_TLS_ALLOWED_PEERS",
    "ROLLCALL_ALLOWED_CIDRS",
  ]);
});
