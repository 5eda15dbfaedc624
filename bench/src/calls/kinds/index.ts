import type { CallKind } from "../kind.js";

/** What is part of this repository, by name; raw grpc-js is what all others are compared with. */
export const ownKinds = ["tcp", "http2-stream", "http2", "grpc-js", "plain", "lane"] as const;

/** What runs in Node from `bench/peers`, which has dependencies of its own. */
export const peerKinds = ["nestjs", "nice-grpc", "connect-node", "moleculer"] as const;

/** What runs as a program of Go, built from `bench/peers/go`. */
export const goKind = "grpc-go";

/** All that are compared, in the order of tables. */
export const kindNames: readonly string[] = [...ownKinds, ...peerKinds, goKind];

/** @throws when the peers are not installed and built */
export async function loadKind(name: string): Promise<CallKind> {
  switch (name) {
    case "tcp":
      return (await import("./tcp.js")).tcp;
    case "http2-stream":
      return (await import("./http2-stream.js")).http2Stream;
    case "http2":
      return (await import("./http2.js")).http2;
    case "grpc-js":
      return (await import("./grpc-js.js")).grpcJs;
    case "plain":
      return (await import("./rollcall.js")).rollcallPlain;
    case "lane":
      return (await import("./rollcall.js")).rollcallLane;
    default: {
      const built = new URL(`../../../peers/dist/${name}.js`, import.meta.url).href;
      return ((await import(built)) as { readonly kind: CallKind }).kind;
    }
  }
}
