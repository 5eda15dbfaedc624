import type { Exit } from "@rollcall/testing/fleet";

/** What a development loop has to say; with `--json`, each is one line. */
export type DevEvent =
  | {
      readonly event: "registry";
      /** Without credentials. */
      readonly url: string;
      /** `given` by the user; `shared`: an etcd that was there; `embedded` in this process. */
      readonly kind: "given" | "shared" | "embedded";
    }
  | { readonly event: "starting"; readonly service: string; readonly pid: number }
  | ServesEvent<"serving">
  /** What replaces a process that served. */
  | ServesEvent<"restarted">
  /** None when the user asked for a restart. */
  | { readonly event: "changed"; readonly paths: readonly string[] }
  /** The contracts were out of date; paths of the modules written. */
  | { readonly event: "generated"; readonly out: string; readonly modules: readonly string[] }
  /** The contracts are as they were; each line says where a proto is wrong. */
  | { readonly event: "not-generated"; readonly problems: readonly string[] }
  /** A process did not get to serve; `serving` is the one that goes on, if any. */
  | { readonly event: "failed"; readonly reason: string; readonly serving?: number | undefined }
  /** The process that served has ended though nobody asked it to. */
  | ({ readonly event: "exited"; readonly pid: number } & Exit)
  /** A process has ended as it was asked to. */
  | ({ readonly event: "drained"; readonly pid: number; readonly ms: number } & Exit)
  | { readonly event: "warning"; readonly text: string }
  | { readonly event: "stopping" }
  | { readonly event: "stopped" };

interface ServesEvent<Name extends string> {
  readonly event: Name;
  /** `host:port` as registered. */
  readonly address: string;
  readonly pid: number;
  /** Since the start or the change. */
  readonly ms: number;
}
