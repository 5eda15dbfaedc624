import { startEtcd } from "./etcd-process.js";
import { etcdOnPath } from "./find-etcd.js";
import { EtcdServer } from "./server/etcd-server.js";

/** Where the processes of a demo or a drill find each other. */
export interface DevelopmentRegistry extends AsyncDisposable {
  readonly kind: "etcd" | "embedded";
  /** As `ROLLCALL_REGISTRY` takes it. */
  readonly url: string;
  /** Stops it answering, with connections left open, until `resume`. Absent for one that somebody else runs. */
  readonly outage?: { pause(): Promise<void>; resume(): void } | undefined;
}

/**
 * The registry at `url` (default `ROLLCALL_REGISTRY`), else an `etcd` on PATH, else the embedded one. What it started, it
 * ends.
 * @param options.url `""` for one of its own whatever the variable says
 */
export async function startRegistry({
  url = process.env["ROLLCALL_REGISTRY"],
}: { readonly url?: string | undefined } = {}): Promise<DevelopmentRegistry> {
  if (url) return { kind: "etcd", url, async [Symbol.asyncDispose]() {} };
  const binary = etcdOnPath();
  const server = binary ? await startEtcd({ binary }) : await EtcdServer.start();
  return {
    kind: binary ? "etcd" : "embedded",
    url: server.url,
    outage: { pause: async () => server.pause(), resume: () => server.resume() },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
