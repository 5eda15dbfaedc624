import { startEtcd } from "./etcd-process.js";
import { etcdOnPath } from "./find-etcd.js";
import { EtcdServer } from "./server/etcd-server.js";

/** Where the processes of a demo or a drill find each other. */
export interface DevelopmentRegistry extends AsyncDisposable {
  readonly kind: "etcd" | "embedded";
  /** As `ROLLCALL_REGISTRY` takes it. */
  readonly url: string;
}

/** `ROLLCALL_REGISTRY` if set, else an `etcd` on PATH, else the embedded one. What it started, it ends. */
export async function startRegistry(): Promise<DevelopmentRegistry> {
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
