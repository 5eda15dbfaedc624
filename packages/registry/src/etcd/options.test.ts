import { ConfigError } from "@rollcall/core";
import { expect, test } from "vitest";
import { checkOptions, parseEtcdUrl, type EtcdOptions } from "./options.js";

test.each<[string, EtcdOptions]>([
  ["etcd://10.0.0.1:2379", { endpoints: ["10.0.0.1:2379"] }],
  ["etcd://etcd-0.internal,[::1]:1,[::2]", { endpoints: ["etcd-0.internal:2379", "[::1]:1", "[::2]:2379"] }],
  [
    "etcd://user:p%40ss%3Aw@10.0.0.1:1,10.0.0.2:2/staging/eu?tls=true&ttlMs=5000&dialTimeoutMs=500",
    {
      endpoints: ["10.0.0.1:1", "10.0.0.2:2"],
      username: "user",
      password: "p@ss:w",
      keyPrefix: "staging/eu",
      tls: true,
      ttlMs: 5000,
      dialTimeoutMs: 500,
    },
  ],
  ["etcd://a:1/?tls=false", { endpoints: ["a:1"], tls: false }],
])("reads %s", (url, options) => {
  expect(parseEtcdUrl(url)).toEqual(options);
});

test.each([
  ["http://10.0.0.1:2379", /expected etcd:/],
  ["etcd://", /member "" is not host:port/],
  ["etcd://a:1,,b:2", /member "" is not host:port/],
  ["etcd://a:port", /member "a:\*\*\*"/],
  ["etcd://secret@a:1", /not user:password/],
  ["etcd://user:secret", /member "user:\*\*\*" is not host:port/],
  ["etcd://user:secret,a:1", /member "user:\*\*\*" is not host:port/],
  ["etcd://user:100%secret@a:1", /not percent-encoded/],
  ["etcd://a:1?ttl=5", /unknown parameter "ttl": allowed are tls, ca/],
  ["etcd://a:1?tls=yes", /tls is "yes": allowed are true and false/],
  ["etcd://a:1?ttlMs=5s", /ttlMs is "5s"/],
  ["etcd://a:1?ca=/no/such/file", /ca names a file that cannot be read: \/no\/such\/file/],
])("refuses %s without showing a secret", (url, reason) => {
  expect(() => parseEtcdUrl(url)).toThrow(ConfigError);
  expect(() => parseEtcdUrl(url)).toThrow(reason);
  expect(() => parseEtcdUrl(url)).not.toThrow(/secret/);
});

test("fills in what a URL leaves out, and lets options win over it", () => {
  expect(checkOptions({ url: "etcd://a:1/one", keyPrefix: "/two/", ttlMs: 3000 })).toEqual({
    endpoints: ["a:1"],
    keyPrefix: "two/",
    ttlMs: 3000,
    dialTimeoutMs: 3000,
  });
  expect(checkOptions({ endpoints: ["a:1"], ttlMs: undefined })).toMatchObject({
    keyPrefix: "",
    ttlMs: 15_000,
  });
});

test.each<[Partial<EtcdOptions>, RegExp]>([
  [{ endpoints: [] }, /none given/],
  [{ endpoints: ["http://root:secret@a:1"] }, /"http:\/\/\*\*\*@a:1" is not host:port/],
  [{ endpoints: ["root:secret@a:1"] }, /"\*\*\*@a:1" is not host:port/],
  [{ endpoints: ["https://a:1"] }, /"https:\/\/a:1" is not host:port; TLS is set by the option tls/],
  [{ ttlMs: 1000 }, /ttlMs 1000 is not from 2000/],
  [{ ttlMs: Number.NaN }, /ttlMs NaN/],
  [{ dialTimeoutMs: 0 }, /dialTimeoutMs 0/],
  [{ username: "a" }, /belong together/],
  [{ tls: { cert: "a" } }, /cert and key belong together/],
])("refuses %j", (options, reason) => {
  expect(() => checkOptions({ endpoints: ["a:1"], ...options })).toThrow(reason);
});
