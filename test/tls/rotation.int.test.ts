import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect as connectTls } from "node:tls";
import { join } from "node:path";
import { createApp, createClient, staticRegistry, type App, type AppOptions } from "@rollcall/app";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createAuthority, type Issued } from "../../packages/core/src/fixtures/certificates.js";
import { Billing, Orders } from "../fixtures/gen/shop/v1/shop.js";
import { Pki, type Files } from "./fixtures/pki.js";
import { Scene } from "./fixtures/scene.js";

const names = [{ dns: "shop.v1.Billing" }];

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

/** The common name that a server shows to a new connection. */
function shown({ address }: App): Promise<string> {
  const [host = "", port] = address.split(":");
  const options = { host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ["h2"] };
  return new Promise((resolve, reject) => {
    const socket = connectTls(options, () => {
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      resolve(String(subject.CN));
    });
    socket.on("error", reject);
  });
}

/** A volume as Kubernetes mounts it: files are links through `..data`, which is swapped in one step. */
function volume(folder: string): { files: Files; publish(issued: Issued, ca: string): void } {
  let version = 0;
  const file = (name: string): string => join(folder, name);
  mkdirSync(folder);
  const publish = ({ cert, key }: Issued, ca: string): void => {
    const target = `..${++version}`;
    mkdirSync(file(target));
    writeFileSync(file(`${target}/tls.crt`), cert);
    writeFileSync(file(`${target}/tls.key`), key);
    writeFileSync(file(`${target}/ca.crt`), ca);
    symlinkSync(target, file("..data_tmp"));
    renameSync(file("..data_tmp"), file("..data"));
    if (version > 1) rmSync(file(`..${version - 1}`), { recursive: true });
  };
  for (const name of ["tls.crt", "tls.key", "ca.crt"]) symlinkSync(`..data/${name}`, file(name));
  return { files: { certFile: file("tls.crt"), keyFile: file("tls.key"), caFile: file("ca.crt") }, publish };
}

it("takes overwritten files for new connections and leaves calls that are under way alone", async () => {
  const files = pki.files({ names, cn: "first" });
  const app = await scene.serve({ tls: { ...files, clientAuth: "none" } });
  const client = scene.client({ tls: { caFile: pki.caFile } });
  await client.charge({});
  expect(await shown(app)).toBe("first");
  let stop = false;
  let calls = 0;
  const calling = (async () => {
    for (; !stop; calls++) await client.charge({});
  })();
  pki.replace(files, pki.authority.issue({ names, cn: "second" }));
  await expect.poll(() => shown(app), { timeout: 5_000 }).toBe("second");
  stop = true;
  await calling;
  expect(calls).toBeGreaterThan(0);
  expect(scene.warnings).toEqual([]);
});

it("takes a volume that Kubernetes swaps, the authority included, on both sides", async () => {
  const old = createAuthority("old");
  const fresh = createAuthority("fresh");
  const both = old.cert + fresh.cert;
  const server = volume(join(pki.folder, "server"));
  const client = volume(join(pki.folder, "client"));
  server.publish(old.issue({ names, cn: "1" }), old.cert);
  client.publish(old.issue({ names: [{ dns: "orders" }], cn: "1" }), old.cert);
  const app = await scene.serve({ tls: server.files });
  const orders = scene.client({ tls: client.files });
  await orders.charge({});
  // As such a change is made: first both authorities everywhere, then new certificates, then the old one goes.
  const steps: [Issued, Issued, string][] = [
    [old.issue({ names, cn: "2" }), old.issue({ names: [{ dns: "orders" }] }), both],
    [fresh.issue({ names, cn: "3" }), fresh.issue({ names: [{ dns: "orders" }] }), both],
    [fresh.issue({ names, cn: "4" }), fresh.issue({ names: [{ dns: "orders" }] }), fresh.cert],
  ];
  for (const [at, [own, theirs, ca]] of steps.entries()) {
    const used = (): number => scene.lines.filter(({ msg }) => msg === "tls: new certificates in use").length;
    server.publish(own, ca);
    client.publish(theirs, ca);
    // The server's and the client's.
    await expect.poll(used, { timeout: 5_000 }).toBe(2 * (at + 1));
    expect(await shown(app)).toBe(String(at + 2));
    // A connection that is made now must get on with what is there now.
    await using second = scene.client({ tls: client.files });
    await second.charge({});
    await orders.charge({});
  }
  // Who was left behind has no way in any more.
  const late = scene.client({ tls: pki.files({ names: [{ dns: "orders" }] }, old), timeoutMs: 500 });
  await expect(late.charge({})).rejects.toThrow();
  expect(scene.warnings.filter((line) => line.startsWith("tls:"))).toEqual([]);
});

it("lets a client reconnect with its new certificate when the server comes back", async () => {
  const old = createAuthority("old");
  const fresh = createAuthority("fresh");
  const caFile = pki.write("both.pem", old.cert + fresh.cert);
  const files = { ...pki.files({ names: [{ dns: "orders" }] }, old), caFile };
  const serverFiles = { ...pki.files({ names }, old), caFile };
  const first = await scene.serve({ tls: serverFiles });
  const client = scene.client({ tls: files, timeoutMs: 5_000 });
  await client.charge({});
  pki.replace(files, fresh.issue({ names: [{ dns: "orders-2" }] }));
  await expect.poll(() => scene.lines.map(({ msg }) => msg)).toContain("tls: new certificates in use");
  await client.charge({});
  const port = Number(first.address.split(":")[1]);
  await first.stop();
  await scene.serve({ tls: { ...serverFiles, caFile }, port });
  await client.charge({});
  expect(scene.seen.map(({ identity }) => identity)).toEqual(["orders", "orders", "orders-2"]);
});

it("keeps the last good certificates while the new ones are broken, with one warning, and takes mended ones", async () => {
  const files = pki.files({ names, cn: "first" });
  const app = await scene.serve({ tls: { ...files, clientAuth: "none" } });
  const next = pki.authority.issue({ names, cn: "second" });
  writeFileSync(files.certFile, next.cert.slice(0, 200));
  await expect
    .poll(() => scene.warnings, { timeout: 5_000 })
    .toEqual([
      `tls: ${files.certFile} (certFile) holds no PEM certificate; the last good certificates stay in use`,
    ]);
  expect(await shown(app)).toBe("first");
  await scene.client({ tls: { caFile: pki.caFile } }).charge({});
  pki.replace(files, next);
  await expect.poll(() => shown(app), { timeout: 5_000 }).toBe("second");
  expect(scene.warnings).toHaveLength(1);
});

it("refuses to start with files that cannot be used, by option and by variable", () => {
  const files = pki.files({ names });
  const other = pki.files({ names });
  const create = (tls?: AppOptions["tls"], env: NodeJS.ProcessEnv = {}): App =>
    createApp({ name: "billing", registry: "memory://", tls, env });
  expect(() => create({ ...files, keyFile: other.keyFile })).toThrow(
    /^option tls: the key in .* does not fit/,
  );
  expect(() => create({ ...files, caFile: "/no/such/file" })).toThrow(
    "option tls: /no/such/file (caFile) cannot be read: ENOENT",
  );
  expect(() => create({ caFile: files.caFile })).toThrow("an app serves, so it needs certFile and keyFile");
  expect(() => create(undefined, { ROLLCALL_TLS_CERT_FILE: files.certFile })).toThrow("belong together");
  const registry = staticRegistry({});
  expect(() => createClient(Orders, { registry, tls: { caFile: files.keyFile } })).toThrow(
    "(caFile) holds no PEM certificate",
  );
  expect(() => createClient(Billing, { registry, tls: { serverName: "https://shop" } })).toThrow(
    'option tls.serverName is "https://shop"',
  );
});
