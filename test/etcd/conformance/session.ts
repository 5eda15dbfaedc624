import type { EtcdBackend, EtcdUnderTest } from "@rollcall/testing";
import { EtcdClient, type EtcdStream } from "../../../packages/testing/src/etcd/etcd-client.js";
import type { KeyValue, WatchRequest, WatchResponse } from "../../../packages/testing/src/etcd/messages.js";
import { afterAll, beforeAll } from "vitest";

export type WatchCall = EtcdStream<WatchRequest, WatchResponse>;

/** What the conformance suites ask an etcd, in short words: texts for bytes, numbers for revisions. */
export interface Session {
  readonly etcd: EtcdUnderTest;
  readonly client: EtcdClient;
  /** Puts and returns the revision of the put. */
  put(key: string, value?: string, lease?: string): Promise<number>;
  get(key: string): Promise<KeyValue | undefined>;
  delete(key: string): Promise<number>;
  grant(seconds: number): Promise<string>;
  /** Opens a watch call and, when `create` is given, a watch on it. */
  watch(create?: object): WatchCall;
  /** `code: details` of a call that has to fail. */
  refusal(service: string, method: string, request: object): Promise<string>;
}

/** One etcd for all tests of the suite around it. */
export function useSession(start: EtcdBackend["start"]): Session {
  let etcd: EtcdUnderTest;
  let client: EtcdClient;
  const watches: WatchCall[] = [];
  beforeAll(async () => {
    etcd = await start();
    client = new EtcdClient(etcd.url);
  });
  afterAll(async () => {
    for (const watch of watches) watch.cancel();
    client.close();
    await etcd.close();
  });
  return {
    get etcd() {
      return etcd;
    },
    get client() {
      return client;
    },
    async put(key, value = "", lease = "0") {
      const request = { key: bytes(key), value: bytes(value), lease };
      return revisionOf(await client.call("KV", "Put", request));
    },
    async get(key) {
      return (await client.call<{ kvs: KeyValue[] }>("KV", "Range", { key: bytes(key) })).kvs[0];
    },
    async delete(key) {
      return revisionOf(await client.call("KV", "DeleteRange", { key: bytes(key) }));
    },
    async grant(seconds) {
      return (await client.call<{ ID: string }>("Lease", "LeaseGrant", { TTL: seconds })).ID;
    },
    watch(create) {
      const call = client.stream<WatchRequest, WatchResponse>("Watch", "Watch");
      watches.push(call);
      if (create) call.send({ create_request: create } as WatchRequest);
      return call;
    },
    async refusal(service, method, request) {
      try {
        await client.call(service, method, request);
      } catch (error) {
        const { code, details } = error as { code: number; details: string };
        return `${code}: ${details}`;
      }
      throw new Error(`${method} was not refused`);
    },
  };
}

export const bytes = (text: string): Buffer => Buffer.from(text);

export function revisionOf(answer: { readonly header: { readonly revision: unknown } }): number {
  return Number(answer.header.revision);
}

/** A watch's events as `put key=value@revision` and `delete key@revision`. */
export function eventsOf(replies: readonly WatchResponse[]): string[] {
  return replies
    .flatMap((reply) => reply.events ?? [])
    .map(({ type, kv: { key, value, mod_revision } }) =>
      type === 1
        ? `delete ${key.toString()}@${mod_revision}`
        : `put ${key.toString()}=${value.toString()}@${mod_revision}`,
    );
}

/** Asks until `holds`; fails after `timeoutMs`. */
export async function eventually(holds: () => Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const giveUpAt = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > giveUpAt) throw new Error(`not so within ${timeoutMs} ms: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** 6 for etcd 3.6.16. */
export async function minorOf(etcd: EtcdUnderTest): Promise<number> {
  using client = new EtcdClient(etcd.url);
  const { version } = await client.call<{ version: string }>("Maintenance", "Status", {});
  return Number(version.split(".")[1]);
}
