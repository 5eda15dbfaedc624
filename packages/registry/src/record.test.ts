import type { ServiceInstance } from "@rollcall/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeRecord, encodeRecord, faultOf, heaviestWeight, longestRecordBytes } from "./record.js";

const service = "shop.v1.Orders";

function decode(value: string | Uint8Array, id = "a"): ServiceInstance | string {
  const decoded = decodeRecord(service, id, Buffer.from(value));
  return "instance" in decoded ? decoded.instance : decoded.rejected;
}

const defaults = {
  id: "a",
  incarnation: "",
  app: "",
  service,
  address: "10.0.0.1:8080",
  version: "",
  track: "stable",
  zone: "",
  weight: 100,
  state: "up",
  features: [],
  labels: {},
};

const word = fc.stringMatching(/^[\w .:/äß-]{0,20}$/);
const instances = fc.record({
  id: fc.stringMatching(/^[\w.:-]{1,30}$/),
  incarnation: fc.stringMatching(/^\d{1,13}-[0-9a-z]{1,8}$/),
  app: word,
  service: fc.constant(service),
  address: fc.constantFrom("10.0.0.1:8080", "orders.internal:1", "[::1]:65535", "localhost:50051"),
  version: word,
  track: fc.stringMatching(/^[a-z]{1,10}$/),
  zone: word,
  weight: fc.oneof(fc.nat(heaviestWeight), fc.double({ min: 0, max: heaviestWeight, noNaN: true })),
  state: fc.constantFrom("up" as const, "draining" as const),
  features: fc.array(word, { maxLength: 5 }),
  labels: fc.dictionary(
    word.filter((key) => key !== "__proto__"),
    word,
    { maxKeys: 5, noNullPrototype: true },
  ),
});

test("reads what it wrote", () => {
  fc.assert(
    fc.property(instances, (instance) => {
      expect(faultOf(instance)).toBeUndefined();
      // JSON has no -0.
      const expected = { ...instance, weight: instance.weight + 0 };
      expect(decode(encodeRecord(instance), instance.id)).toEqual(expected);
    }),
  );
});

test("never throws, and lets nothing through that it would not register", () => {
  const hostile = fc.oneof(
    fc.json(),
    fc.string(),
    fc
      .record({ Op: fc.jsonValue(), Addr: fc.jsonValue(), Metadata: fc.jsonValue(), ext: fc.jsonValue() })
      .map((value) => JSON.stringify(value)),
    fc
      .dictionary(
        fc.constantFrom("inc", "ver", "track", "zone", "w", "state", "app", "feat", "labels"),
        fc.jsonValue(),
      )
      .map((ext) => JSON.stringify({ Addr: "10.0.0.1:1", ext })),
  );
  fc.assert(
    fc.property(hostile, (value) => {
      const decoded = decode(value);
      if (typeof decoded === "object") expect(faultOf(decoded)).toBeUndefined();
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (value) => {
      decode(value);
    }),
  );
});

test("is what etcd's Go resolver expects, with ours in a field it ignores", () => {
  const value = encodeRecord({
    ...(defaults as ServiceInstance),
    incarnation: "1-a",
    version: "1.4.0",
    zone: "b",
  });
  expect(JSON.parse(value)).toEqual({
    Op: 0,
    Addr: "10.0.0.1:8080",
    Metadata: null,
    ext: { v: 1, inc: "1-a", ver: "1.4.0", track: "stable", zone: "b", w: 100, state: "up", app: "" },
  });
});

describe("records of stock clients", () => {
  test.each([
    `{"Op":0,"Addr":"10.0.0.1:8080","Metadata":null}`,
    `{"Op":0,"Addr":"10.0.0.1:8080","Metadata":"eu-1"}`,
    `{"Op":0,"Addr":"10.0.0.1:8080","Metadata":{"weight":-1,"any":[1]}}`,
    `{"Addr":"10.0.0.1:8080"}`,
    `{"Addr":"10.0.0.1:8080","ext":{}}`,
    `{"Addr":"10.0.0.1:8080","ext":{"v":2,"something":"later"}}`,
  ])("%s has defaults", (value) => {
    expect(decode(value)).toEqual(defaults);
  });
});

describe("poisoned records are rejected with the reason", () => {
  const at = (fields: string): string => `{"Op":0,"Addr":"10.0.0.1:8080","Metadata":null,${fields}}`;
  test.each([
    ["{", /not JSON/],
    ["", /not JSON/],
    ["[]", /expected object/],
    ["null", /expected object/],
    [`"10.0.0.1:8080"`, /expected object/],
    [`{}`, /Addr/],
    [`{"Op":1,"Addr":"10.0.0.1:8080"}`, /Op/],
    [`{"Op":0,"Addr":"unix:///tmp/socket"}`, /Addr: is not host:port/],
    [`{"Op":0,"Addr":"10.0.0.1"}`, /Addr/],
    [`{"Op":0,"Addr":"10.0.0.1:0"}`, /Addr/],
    [`{"Op":0,"Addr":"10.0.0.1:65536"}`, /Addr/],
    [`{"Op":0,"Addr":"::1:80"}`, /Addr/],
    [`{"Op":0,"Addr":"a b:80"}`, /Addr/],
    [`{"Op":0,"Addr":"10.0.0.1:80\\n"}`, /Addr/],
    [`{"Op":0,"Addr":["10.0.0.1:80"]}`, /Addr/],
    [`{"Op":0,"Addr":"10.0.0.1:80","Metadata":7}`, /Metadata/],
    [at(`"ext":[]`), /ext/],
    [at(`"ext":{"w":-1}`), /ext.w/],
    [at(`"ext":{"w":1e309}`), /ext.w/],
    [at(`"ext":{"w":"100"}`), /ext.w/],
    [at(`"ext":{"w":1e300}`), /ext.w/],
    [at(`"ext":{"state":"gone"}`), /ext.state/],
    [at(`"ext":{"zone":"a\\u0000"}`), /ext.zone: has control characters/],
    [at(`"ext":{"track":""}`), /ext.track/],
    [at(`"ext":{"feat":"link"}`), /ext.feat/],
    [at(`"ext":{"labels":{"a":1}}`), /ext.labels/],
    [at(`"ext":{"labels":{"__proto__":"x"}}`), /__proto__/],
    [at(`"ext":{"__pr\\u006fto__":{"w":1}}`), /__proto__/],
    [`{"__proto__":{"Addr":"10.0.0.1:80"},"Addr":"10.0.0.1:80"}`, /__proto__/],
  ])("%s", (value, reason) => {
    expect(decode(value)).toMatch(reason);
  });

  test("too long, not UTF-8, or under an unusable key", () => {
    const long = `{"Addr":"10.0.0.1:80","Metadata":"${"x".repeat(longestRecordBytes)}"}`;
    expect(decode(long)).toMatch(/has 65572 bytes, more than 65536/);
    expect(decode(Buffer.from([0x22, 0xff, 0x22]))).toMatch(/not JSON in UTF-8/);
    expect(decode(`{"Addr":"10.0.0.1:80"}`, "")).toMatch(/id/);
    expect(decode(`{"Addr":"10.0.0.1:80"}`, "a\n")).toMatch(/id/);
  });
});

test("gives instances nobody can change", () => {
  const decoded = decode(`{"Addr":"10.0.0.1:80","ext":{"feat":["a"],"labels":{"b":"c"}}}`) as ServiceInstance;
  expect([decoded, decoded.features, decoded.labels].every(Object.isFrozen)).toBe(true);
});
