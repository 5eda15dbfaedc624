import { ConfigError } from "@rollcall/core";
import { describe, expect, it } from "vitest";
import { readTlsSettings, type TlsOptions } from "./tls-settings.js";

const files = { certFile: "/c", keyFile: "/k", caFile: "/ca" };
const read = (option?: boolean | TlsOptions, env: NodeJS.ProcessEnv = {}) => readTlsSettings(option, env);

describe("the settings of TLS", () => {
  it("are none by default", () => {
    expect(read()).toBeUndefined();
    expect(read(false)).toBeUndefined();
    expect(read(undefined, { ROLLCALL_TLS_CERT_FILE: " " })).toBeUndefined();
  });

  it("want certificates of clients where there is an authority for them", () => {
    expect(read(files)).toMatchObject({ ...files, clientAuth: "require", serverName: "{service}" });
    expect(read({ certFile: "/c", keyFile: "/k" })).toMatchObject({ clientAuth: "none" });
    expect(read({ ...files, clientAuth: "none" })).toMatchObject({ clientAuth: "none" });
    expect(read(true)).toMatchObject({ clientAuth: "none", caFile: undefined });
  });

  it("come from code, then variables, and the variable wins", () => {
    const env = {
      ROLLCALL_TLS_CERT_FILE: "/env/c",
      ROLLCALL_TLS_ALLOWED_PEERS: "spiffe://t/a, orders.shop",
      ROLLCALL_TLS_SERVER_NAME: "{name}.shop.svc",
    };
    expect(read(files, env)).toMatchObject({
      certFile: "/env/c",
      keyFile: "/k",
      allowedPeers: ["spiffe://t/a", "orders.shop"],
      serverName: "{name}.shop.svc",
    });
    expect(read(undefined, { ROLLCALL_TLS_CA_FILE: "/ca" })).toMatchObject({ caFile: "/ca" });
    expect(read(false, { ROLLCALL_TLS_CA_FILE: "/ca" })).toMatchObject({ caFile: "/ca" });
  });

  it("can be switched on and off by a variable alone", () => {
    expect(read(undefined, { ROLLCALL_TLS: "true" })).toMatchObject({ clientAuth: "none" });
    expect(read(files, { ROLLCALL_TLS: "false" })).toBeUndefined();
  });

  it("refuse what would not protect as it looks", () => {
    for (const wrong of [
      { ...files, allowedPeers: [] },
      { ...files, allowedPeers: ["*.shop"] },
      { ...files, allowedPeers: "a b" },
      { ...files, allowedPeers: ["spiffe://t/a"], clientAuth: "request" },
      { certFile: "/c", keyFile: "/k", allowedPeers: ["spiffe://t/a"] },
      { certFile: "/c", keyFile: "/k", clientAuth: "require" },
      { ...files, clientAuth: "yes" },
      { ...files, serverName: "*.shop" },
      { ...files, serverName: "{host}" },
      { ...files, serverName: "" },
      { certFile: "" },
      "yes",
      null,
      [],
      5,
    ])
      expect(() => read(wrong as never), JSON.stringify(wrong)).toThrow(ConfigError);
    expect(() => read(undefined, { ROLLCALL_TLS: "on" })).toThrow(
      'ROLLCALL_TLS is "on"; allowed: true or false',
    );
  });

  it("do not repeat a key that was given in the place of its file", () => {
    const key = "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----";
    for (const value of [key, Buffer.from(key)])
      expect(() => read({ keyFile: value as string })).toThrow(
        /^option tls.keyFile is a (PEM text|Buffer); allowed: the path of a PEM file$/,
      );
  });
});
