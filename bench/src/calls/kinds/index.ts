import type { CallKind } from "../kind.js";

/** What is compared, by name. The modules of peers are those of `bench/peers`, which has its own dependencies. */
export const kinds: Readonly<Record<string, () => Promise<CallKind>>> = {
  http2: async () => (await import("./http2.js")).http2,
  "grpc-js": async () => (await import("./grpc-js.js")).grpcJs,
  plain: async () => (await import("./rollcall.js")).rollcallPlain,
  lane: async () => (await import("./rollcall.js")).rollcallLane,
};
