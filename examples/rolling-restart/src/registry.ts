import { EtcdServer, etcdOnPath, startEtcd } from "@rollcall/testing";

/** Where the demo's processes find each other. */
export interface DemoRegistry extends AsyncDisposable {
  readonly kind: "etcd" | "embedded";
  /** As `ROLLCALL_REGISTRY` takes it. */
  readonly url: string;
}

/** `ROLLCALL_REGISTRY` if set, else an `etcd` on PATH, else the embedded one. */
export async function openRegistry(): Promise<DemoRegistry> {
  const given = process.env["ROLLCALL_REGISTRY"];
  if (given) return { kind: "etcd", url: given, async [Symbol.asyncDispose]() {} };
  const binary = etcdOnPath();
  const server = binary ? await startEtcd({ binary }) : await EtcdServer.start();
  return {
    kind: binary ? "etcd" : "embedded",
    url: server.url,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
