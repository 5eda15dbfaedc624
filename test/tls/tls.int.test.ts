import { Code, Metadata, staticRegistry } from "@rollcall/app";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAuthority } from "../../packages/core/src/fixtures/certificates.js";
import { rawServer } from "../../packages/core/src/fixtures/sockets.js";
import { Billing } from "../fixtures/gen/shop/v1/shop.js";
import { Pki } from "./fixtures/pki.js";
import { Scene } from "./fixtures/scene.js";

const server = { names: [{ dns: "shop.v1.Billing" }] };
const spiffe = "spiffe://shop.example/ns/shop/sa/billing";

let pki: Pki;
let scene: Scene;
beforeEach(() => {
  pki = new Pki();
  scene = new Scene();
});
afterEach(async () => {
  await scene[Symbol.asyncDispose]();
  pki[Symbol.dispose]();
});

describe("TLS", () => {
  it("expects the contract's name of a server when nobody says another", async () => {
    await scene.serve({ tls: { ...pki.files(server), clientAuth: "none" } });
    expect(await scene.client({ tls: { caFile: pki.caFile } }).charge({})).toMatchObject({ ok: true });
    expect(scene.seen).toEqual([{ identity: undefined, key: undefined }]);
  });

  it.each(["shop.internal", "10.0.0.1", spiffe])(
    "takes a server for whom the client expects: %s",
    async (name) => {
      const names = [{ dns: "shop.internal" }, { ip: [10, 0, 0, 1] }, { uri: spiffe }];
      await scene.serve({ tls: { ...pki.files({ names }), clientAuth: "none" } });
      const tls = { caFile: pki.caFile, serverName: name };
      expect(await scene.client({ tls }).charge({})).toMatchObject({ ok: true });
    },
  );

  it("refuses a server for which the registry and its address speak, but not the certificate", async () => {
    const names = [{ dns: "localhost" }, { ip: [127, 0, 0, 1] }, { dns: "shop.v1.Orders" }];
    await scene.serve({ tls: { ...pki.files({ names, cn: "shop.v1.Billing" }), clientAuth: "none" } });
    await expect(scene.client({ tls: { caFile: pki.caFile } }).charge({})).rejects.toMatchObject({
      code: Code.Unavailable,
    });
    expect(scene.warnings).toContain(
      'connection failed: the server\'s certificate is for "localhost", "shop.v1.Orders", not for "shop.v1.Billing" (option tls.serverName)',
    );
    expect(scene.seen).toEqual([]);
  });

  it("refuses servers that it has no authority for, that speak plain text, and that have expired", async () => {
    const own = new Pki(createAuthority("another"));
    for (const tls of [
      { ...own.files(server), clientAuth: "none" as const },
      undefined,
      { ...pki.files({ ...server, toDays: -0.5 }), clientAuth: "none" as const },
    ]) {
      await using alone = new Scene();
      await alone.serve({ tls });
      const client = alone.client({ tls: { caFile: pki.caFile }, timeoutMs: 500 });
      await expect(client.charge({})).rejects.toMatchObject({ code: Code.Unavailable });
      expect(alone.seen).toEqual([]);
    }
    own[Symbol.dispose]();
  });

  it("shares no connection between clients that expect different servers", async () => {
    const tls = { ...pki.files({ names: [{ dns: "shop.internal" }] }), clientAuth: "none" as const };
    const app = await scene.serve({ tls });
    const expecting = app.client(Billing, { tls: { serverName: "shop.internal" } });
    await expecting.charge({});
    await expect(app.client(Billing).charge({}, { timeoutMs: 500 })).rejects.toMatchObject({
      code: Code.Unavailable,
    });
    await expecting.charge({});
    expect(() => app.client(Billing, { tls: { serverName: "*" } })).toThrow(
      'tls.serverName for shop.v1.Billing is "*"',
    );
  });

  it("gives up a server that is silent where the handshake should be", async () => {
    await using silent = await rawServer();
    const address = `127.0.0.1:${silent.port}`;
    const client = scene.client({
      registry: staticRegistry({ [Billing.name]: [address] }),
      tls: { caFile: pki.caFile },
      timeoutMs: 2_500,
    });
    await expect(client.charge({})).rejects.toThrow("1 instance of shop.v1.Billing: 1 failed");
  });

  it("does not let plain-text clients in", async () => {
    await scene.serve({ tls: { ...pki.files(server), clientAuth: "none" } });
    await expect(scene.client({ timeoutMs: 500 }).charge({})).rejects.toMatchObject({
      code: Code.Unavailable,
    });
  });
});

describe("mutual TLS", () => {
  const orders = "spiffe://shop.example/ns/shop/sa/orders";

  it("shows handlers who calls, and trusts whom it is for", async () => {
    await scene.serve({ tls: pki.files(server) });
    const metadata = new Metadata();
    metadata.set("rollcall-key", "user-1");
    await scene.client({ tls: pki.files({ names: [{ uri: orders }] }) }).charge({}, { metadata });
    await scene.client({ tls: pki.files({ names: [{ dns: "orders" }, { dns: "o" }] }) }).charge({});
    await scene.client({ tls: pki.files({ cn: "orders" }) }).charge({}, { metadata });
    expect(scene.seen).toEqual([
      { identity: orders, key: "user-1" },
      { identity: "orders", key: undefined },
      { identity: undefined, key: undefined },
    ]);
  });

  it("makes no connection to clients without a certificate, or with one of another authority", async () => {
    await scene.serve({ tls: pki.files(server) });
    const foreign = pki.files({ names: [{ uri: orders }] }, createAuthority("another"));
    for (const tls of [{ caFile: pki.caFile }, foreign])
      await expect(scene.client({ tls, timeoutMs: 2_000 }).charge({})).rejects.toMatchObject({
        code: Code.Unavailable,
      });
    expect(scene.seen).toEqual([]);
    expect(scene.warnings).toContainEqual(
      expect.stringMatching(/^connection failed: .*certificate required/),
    );
    // On the server too, once for them all.
    expect(scene.lines.filter(({ msg }) => msg === "TLS handshake failed")).toEqual([
      expect.objectContaining({
        peer: "127.0.0.1",
        reason: "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE",
        failed: 1,
      }),
    ]);
  });

  it("takes clients without a certificate where it only requests one, but not those with a wrong one", async () => {
    await scene.serve({ tls: { ...pki.files(server), clientAuth: "request" } });
    await scene.client({ tls: { caFile: pki.caFile } }).charge({});
    expect(scene.seen).toEqual([{ identity: undefined, key: undefined }]);
    const tls = pki.files({ names: [{ uri: orders }] }, createAuthority("another"));
    await expect(scene.client({ tls }).charge({})).rejects.toMatchObject({
      code: Code.Unauthenticated,
      origin: "remote",
    });
    expect(scene.seen).toHaveLength(1);
  });

  it("answers only the peers that are allowed, letter by letter", async () => {
    await scene.serve({ tls: { ...pki.files(server), allowedPeers: [orders] } });
    await scene.client({ tls: pki.files({ names: [{ uri: orders }, { dns: "other" }] }) }).charge({});
    for (const names of [
      [{ uri: `${orders}-2` }],
      [{ uri: orders.toUpperCase() }],
      [{ uri: orders }, { uri: "spiffe://shop.example/ns/shop/sa/other" }],
      [{ uri: `${orders}\0` }],
      [{ uri: `spiffe://shop.example/x, URI:${orders}` }],
      [{ dns: `x, URI:${orders}` }],
      [{ dns: orders }],
      [{ email: orders }],
    ]) {
      const call = scene.client({ tls: pki.files({ names }) }).charge({});
      await expect(call, JSON.stringify(names)).rejects.toMatchObject({ code: Code.PermissionDenied });
    }
    await expect(scene.client({ tls: pki.files({ cn: orders }) }).charge({})).rejects.toMatchObject({
      code: Code.PermissionDenied,
      reason: "a client without an identity may not call here (tls.allowedPeers)",
    });
    expect(scene.seen).toEqual([{ identity: orders, key: undefined }]);
  });
});
