import { EtcdServer, findEtcd, startEtcd } from "@rollcall/testing";

/** Where the demo's processes find each other. */
export interface DemoRegistry extends AsyncDisposable {
  readonly kind: "etcd" | "embedded";
  /** As `ROLLCALL_REGISTRY` takes it. */
  readonly url: string;
}

/** `ROLLCALL_REGISTRY` if set, else a real etcd where this machine has one, else the embedded one. */
export async function openRegistry(): Promise<DemoRegistry> {
  const given = process.env["ROLLCALL_REGISTRY"];
  if (given) return { kind: "etcd", url: given, async [Symbol.asyncDispose]() {} };
  const binary = findEtcd();
  const server = binary ? await startEtcd({ binary }) : await EtcdServer.start();
  return {
    kind: binary ? "etcd" : "embedded",
    url: server.url,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
