import { ConfigError } from "@rollcall/core";
import { memoryRegistry } from "@rollcall/registry";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { openRegistry } from "./registry-url.js";

const logger = pino({ level: "silent" });

describe("a registry by its URL", () => {
  it("is one per process for memory, and nobody's to close", () => {
    const first = openRegistry("memory://", logger);
    expect(first.owned).toBe(false);
    expect(openRegistry("memory:", logger).backend).toBe(first.backend);
  });

  it("is whoever opened it to close, for static and etcd", async () => {
    const written = openRegistry("static://shop.v1.Orders=10.0.0.1:80", logger);
    expect(written).toMatchObject({ owned: true, backend: { description: "static" } });
    const etcd = openRegistry("etcd://user:secret@127.0.0.1:1", logger);
    expect(etcd.owned).toBe(true);
    expect(etcd.backend.description).not.toContain("secret");
    await Promise.all([written, etcd].map(({ backend }) => backend[Symbol.asyncDispose]()));
  });

  it("is the registry itself when it is one", () => {
    const backend = memoryRegistry();
    expect(openRegistry(backend, logger)).toEqual({ backend, owned: false });
  });

  it("says which schemes there are, and never repeats a password", () => {
    const secrets = ["consul://user:secret@host", "etcd3//root:secret@host", "secret@host:2379", "a:secret"];
    for (const url of [...secrets, "etcd", "memory://x", "ETCD://a:1", ""]) {
      expect(() => openRegistry(url, logger)).toThrow(ConfigError);
      expect(() => openRegistry(url, logger)).toThrow(
        /^registry (is not a URL|"\w+" is not known); allowed: etcd:\/\//,
      );
      expect(() => openRegistry(url, logger)).not.toThrow(/secret/);
    }
  });
});
