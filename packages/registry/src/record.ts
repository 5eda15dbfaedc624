import type { ServiceInstance } from "@rollcall/core";
import { z } from "zod";

/** What a record is at most, in bytes; ours have about 300. */
export const longestRecordBytes: number = 64 * 1024;

/** The largest weight: sums of many stay exact. */
export const heaviestWeight = 1_000_000;

/** An instance, or why a record holds none. */
export type Decoded = { readonly instance: ServiceInstance } | { readonly rejected: string };

// oxlint-disable-next-line no-control-regex -- control characters are what it must find
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u;
const hostAndPort = /^(?:\[[0-9a-fA-F:.]+(?:%[\w.-]+)?\]|[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?\.?):(\d{1,5})$/;

const text = z
  .string()
  .max(256)
  .refine((value) => !controls.test(value), "has control characters");

const address = text.refine((value) => {
  const port = Number(hostAndPort.exec(value)?.[1]);
  return port >= 1 && port <= 65_535;
}, "is not host:port");

const id = text.min(1);
const service = z
  .string()
  .max(256)
  .regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/, "is not a full proto name");
const weight = z.number().min(0).max(heaviestWeight);
const state = z.enum(["up", "draining"]);
const features = z.array(text).max(64);
const labels = z.record(text, text);

/** Every field has a default: stock gRPC clients write no `ext`, and later versions may write less. */
const extension = z.object({
  inc: text.default(""),
  ver: text.default(""),
  track: text.min(1).default("stable"),
  zone: text.default(""),
  w: weight.default(100),
  state: state.default("up"),
  app: text.default(""),
  feat: features.default([]),
  labels: labels.default({}),
});

const record = z.object({
  // 0 is an addition for etcd's Go resolver, 1 a deletion, which it never stores.
  Op: z.literal(0).optional(),
  Addr: address,
  Metadata: z.union([z.null(), z.string(), z.record(z.string(), z.unknown())]).optional(),
  ext: extension.optional(),
});

const whole = z.object({
  id,
  incarnation: text,
  app: text,
  service,
  address,
  version: text,
  track: text.min(1),
  zone: text,
  weight,
  state,
  features,
  labels,
});

/**
 * An instance as a registry value that etcd's official Go resolver reads too: `Metadata` is null because an object there
 * panics it, and it ignores `ext`.
 */
export function encodeRecord(instance: ServiceInstance): string {
  const { features, labels } = instance;
  return JSON.stringify({
    Op: 0,
    Addr: instance.address,
    Metadata: null,
    ext: {
      v: 1,
      inc: instance.incarnation,
      ver: instance.version,
      track: instance.track,
      zone: instance.zone,
      w: instance.weight,
      state: instance.state,
      app: instance.app,
      ...(features.length > 0 ? { feat: features } : {}),
      ...(Object.keys(labels).length > 0 ? { labels } : {}),
    },
  });
}

/** Reads the value at `services/<service>/<id>`; never throws. Records of stock clients get defaults: weight 100, track `stable`. */
export function decodeRecord(service: string, id: string, value: Uint8Array): Decoded {
  if (value.byteLength > longestRecordBytes)
    return { rejected: `has ${value.byteLength} bytes, more than ${longestRecordBytes}` };
  if (id === "" || id.length > 256 || controls.test(id)) return { rejected: "has an unusable id in its key" };
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(value), withoutPrototypes);
  } catch (error) {
    return { rejected: error instanceof PollutedError ? error.message : "is not JSON in UTF-8" };
  }
  const checked = record.safeParse(parsed);
  if (!checked.success) return { rejected: reasonOf(checked.error) };
  const { Addr, ext = extension.parse({}) } = checked.data;
  const instance: ServiceInstance = {
    id,
    incarnation: ext.inc,
    app: ext.app,
    service,
    address: Addr,
    version: ext.ver,
    track: ext.track,
    zone: ext.zone,
    weight: ext.w,
    state: ext.state,
    features: Object.freeze(ext.feat),
    labels: Object.freeze(ext.labels),
  };
  return { instance: Object.freeze(instance) };
}

/** Why an instance cannot be registered; undefined when it can. The same rules as for reading. */
export function faultOf(instance: ServiceInstance): string | undefined {
  const checked = whole.safeParse(instance);
  if (!checked.success) return reasonOf(checked.error);
  const { byteLength } = Buffer.from(encodeRecord(instance));
  return byteLength > longestRecordBytes
    ? `has a record of ${byteLength} bytes, more than ${longestRecordBytes}`
    : undefined;
}

class PollutedError extends Error {}

function withoutPrototypes(key: string, value: unknown): unknown {
  if (key === "__proto__") throw new PollutedError("has a key __proto__");
  return value;
}

function reasonOf(error: z.ZodError): string {
  const [first] = error.issues;
  const path = first?.path.map(String).join(".");
  return `${path ? `${path}: ` : ""}${first?.message ?? "is not a record"}`;
}
