import type { ServiceInstance } from "@rollcall/core";
import { z } from "zod";
import { hasControls, longestDocumentBytes, parseDocument, reasonOf, textOf } from "./json-document.js";
import { serviceName } from "./service-name.js";

/** What a record is at most, in bytes; ours have about 300. */
export const longestRecordBytes: number = longestDocumentBytes;

/** The largest weight: sums of many stay exact. */
export const heaviestWeight = 1_000_000;

/** An instance, or why a record holds none. */
export type Decoded = { readonly instance: ServiceInstance } | { readonly rejected: string };

const hostAndPort = /^(?:\[[0-9a-fA-F:.]+(?:%[\w.-]+)?\]|[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?\.?):(\d{1,5})$/;

const text = textOf(256);

const address = text.refine((value) => {
  const port = Number(hostAndPort.exec(value)?.[1]);
  return port >= 1 && port <= 65_535;
}, "is not host:port");

const id = text.min(1);
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
  service: serviceName,
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
  if (id === "" || id.length > 256 || hasControls(id)) return { rejected: "has an unusable id in its key" };
  const document = parseDocument(value);
  if ("rejected" in document) return document;
  const checked = record.safeParse(document.parsed);
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
