import { FakeClock } from "@rollcall/testing/clock";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../errors.js";
import { createAuthority, type Issued } from "../fixtures/certificates.js";
import { fakeLogger } from "../fixtures/fake-logger.js";
import { createCertificateProvider, type CertificateProvider } from "./certificate-provider.js";

const authority = createAuthority();
const files = { certFile: "/tls/cert.pem", keyFile: "/tls/key.pem", caFile: "/tls/ca.pem" };
const [one, two, three] = [authority.issue(), authority.issue(), authority.issue()] as const;

function setup(content: Partial<Record<keyof typeof files, string>> = {}) {
  const disk = new Map<string, string>();
  const put = ({ cert, key }: Issued): void => void disk.set(files.certFile, cert).set(files.keyFile, key);
  put(one);
  disk.set(files.caFile, authority.cert);
  for (const [file, text] of Object.entries(content)) disk.set(files[file as keyof typeof files], text);
  let changed: () => void = () => {};
  let watches = 0;
  const readSync = (path: string): Buffer => {
    const text = disk.get(path);
    if (text === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    return Buffer.from(text);
  };
  const access = {
    readSync,
    read: async (path: string) => readSync(path),
    watch: (_: readonly string[], tell: () => void) => {
      changed = tell;
      watches++;
      return () => void watches--;
    },
  };
  const clock = new FakeClock(Date.now());
  const { logger, lines } = fakeLogger();
  const open = (given: Partial<typeof files> = files): CertificateProvider =>
    createCertificateProvider(given, { clock, logger, access });
  const started = () => {
    const provider = open();
    const seen: string[] = [];
    provider.onChange(({ pem }) => seen.push(String(pem.certFile)));
    provider.start();
    return { provider, seen };
  };
  const warnings = (): string[] => lines.filter(({ level }) => level === 40).map(({ msg }) => msg);
  return {
    disk,
    put,
    clock,
    open,
    started,
    warnings,
    lines,
    changed: () => changed(),
    watches: () => watches,
  };
}

describe("certificates from files", () => {
  it("are refused at the start with the option and the file, and nothing of what is in it", () => {
    const encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    const cases: [Parameters<typeof setup>[0], RegExp][] = [
      [
        { keyFile: two.key },
        /the key in \/tls\/key.pem \(keyFile\) does not fit .*\/tls\/cert.pem \(certFile\)/,
      ],
      [{ certFile: "secret" }, /\/tls\/cert.pem \(certFile\) holds no PEM certificate/],
      [{ certFile: one.key }, /\/tls\/cert.pem \(certFile\) holds no PEM certificate/],
      [{ certFile: one.cert.slice(0, 200) }, /\(certFile\) holds no PEM certificate/],
      [
        { certFile: one.cert.replace("MII", "AAA") },
        /certificate 1 in \/tls\/cert.pem \(certFile\) cannot be read/,
      ],
      [{ keyFile: "" }, /\/tls\/key.pem \(keyFile\) holds no PEM private key/],
      [{ keyFile: encrypted }, /\/tls\/key.pem \(keyFile\) (is encrypted|holds no)/],
      [{ keyFile: one.key.slice(0, 90) }, /\/tls\/key.pem \(keyFile\) holds no PEM private key/],
      [
        { caFile: `${authority.cert}${authority.cert.replace("MII", "AAA")}` },
        /certificate 2 in .*\(caFile\)/,
      ],
    ];
    for (const [content, message] of cases) {
      const { open } = setup(content);
      expect(() => open(), message.source).toThrow(ConfigError);
      expect(() => open()).toThrow(message);
      expect(() => open()).not.toThrow(/secret|MII|AAA/);
    }
    const { open, disk } = setup();
    expect(() => open({ certFile: files.certFile })).toThrow("certFile and keyFile belong together");
    disk.delete(files.caFile);
    expect(() => open()).toThrow("option tls: /tls/ca.pem (caFile) cannot be read: ENOENT");
  });

  it("are used with a warning when they are out of date, once", async () => {
    const late = setup();
    late.put(authority.issue({ toDays: -0.5 }));
    late.started();
    await late.clock.advance(60_000);
    expect(late.warnings()).toEqual([
      expect.stringMatching(/^tls: the certificate in \/tls\/cert.pem expired on \d{4}-.*Z$/),
    ]);
    const early = setup();
    early.put(authority.issue({ fromDays: 1 }));
    early.open();
    expect(early.warnings()).toEqual([expect.stringContaining("is not valid before")]);
  });

  it("warn when they end while in use", async () => {
    const { clock, put, started, warnings } = setup();
    put(authority.issue({ toDays: 1 / 24 }));
    started();
    await clock.advance(3_590_000);
    expect(warnings()).toEqual([]);
    await clock.advance(20_000);
    expect(warnings()).toEqual([expect.stringContaining("expired on")]);
  });

  it("are exchanged soon after the system tells of a change, and by the next look without that", async () => {
    const { clock, put, changed, started } = setup();
    const { provider, seen } = started();
    await clock.advance(50);
    put(two);
    changed();
    await clock.advance(100);
    expect(seen).toEqual([two.cert]);
    put(three);
    await clock.advance(10_000);
    expect(seen).toEqual([two.cert, three.cert]);
    expect(provider.current.pem.certFile?.toString()).toBe(three.cert);
  });

  it("that changed between the first reading and the start are seen", async () => {
    const { clock, put, open } = setup();
    const provider = open();
    put(two);
    provider.start();
    await clock.advance(0);
    expect(provider.current.pem.certFile?.toString()).toBe(two.cert);
  });

  it("are looked at even where something changes all the time", async () => {
    const { clock, put, changed, started } = setup();
    const { seen } = started();
    put(two);
    for (let n = 0; n < 10; n++) {
      changed();
      await clock.advance(50);
    }
    expect(seen).toEqual([two.cert]);
  });

  it("are not told of while they are being written", async () => {
    const { clock, disk, put, changed, started, warnings } = setup();
    const { seen } = started();
    await clock.advance(50);
    disk.set(files.certFile, two.cert.slice(0, 100));
    changed();
    await clock.advance(150);
    disk.set(files.certFile, two.cert);
    changed();
    await clock.advance(150);
    expect(seen).toEqual([]);
    put(two);
    changed();
    await clock.advance(1_000);
    expect(seen).toEqual([two.cert]);
    expect(warnings()).toEqual([]);
  });

  it("stay the last good ones while the files are broken, with one warning for each fault", async () => {
    const { clock, disk, put, changed, started, warnings } = setup();
    const { provider, seen } = started();
    disk.set(files.keyFile, two.key);
    changed();
    await clock.advance(60_000);
    expect(warnings()).toEqual([
      expect.stringMatching(/does not fit .*; the last good certificates stay in use$/),
    ]);
    disk.delete(files.certFile);
    await clock.advance(60_000);
    expect(warnings()).toHaveLength(2);
    expect(warnings()[1]).toContain("/tls/cert.pem (certFile) cannot be read: ENOENT");
    expect(provider.current.pem.keyFile?.toString()).toBe(one.key);
    put(two);
    await clock.advance(10_000);
    expect(seen).toEqual([two.cert]);
    disk.set(files.keyFile, one.key);
    await clock.advance(60_000);
    expect(warnings()).toHaveLength(3);
  });

  it("are not exchanged for some that have expired, nor before they are valid", async () => {
    const { clock, put, started, warnings } = setup();
    const { seen } = started();
    put(authority.issue({ toDays: -0.5 }));
    await clock.advance(30_000);
    expect(warnings()).toEqual([expect.stringContaining("the new certificate in /tls/cert.pem expired on")]);
    const soon = authority.issue({ fromDays: 1 / 24 });
    put(soon);
    await clock.advance(60_000);
    expect(seen).toEqual([]);
    await clock.advance(3_600_000);
    expect(seen).toEqual([soon.cert]);
  });

  it("are no longer looked at when closed", async () => {
    const { clock, put, started, watches } = setup();
    const { provider, seen } = started();
    await clock.advance(20_000);
    provider.close();
    put(two);
    await clock.advance(20_000);
    expect(seen).toEqual([]);
    expect(clock.pending).toBe(0);
    expect(watches()).toBe(0);
  });

  it("may be none, or authorities alone", async () => {
    const { open, clock } = setup();
    for (const given of [{}, { caFile: files.caFile }]) {
      const provider = open(given);
      provider.start();
      await clock.advance(20_000);
      expect(provider.current.notAfter).toBeUndefined();
      provider.close();
    }
    expect(clock.pending).toBe(0);
  });
});
