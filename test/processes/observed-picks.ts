import { createGrpcTransport, linkPath, type Transport } from "@rollcall/core";

/** A gRPC transport that notes when calls are sent to each instance, links and health checks left out. */
export interface ObservedPicks {
  readonly transport: Transport;
  /** When the last call was sent to the address, as `performance.now()` tells it. */
  last(address: string): number;
  count(address: string): number;
}

export function observedPicks(): ObservedPicks {
  const grpc = createGrpcTransport();
  const picks = new Map<string, { lastMs: number; count: number }>();
  return {
    last: (address) => picks.get(address)?.lastMs ?? Number.NaN,
    count: (address) => picks.get(address)?.count ?? 0,
    transport: {
      connect(instance) {
        const connection = grpc.connect(instance);
        const seen = { lastMs: Number.NaN, count: 0 };
        picks.set(instance.address, seen);
        return {
          call(call) {
            if (call.method.path !== linkPath && call.attempts.length > 0) {
              seen.lastMs = performance.now();
              seen.count++;
            }
            return connection.call(call);
          },
          get state() {
            return connection.state;
          },
          onChange: (listener) => connection.onChange(listener),
          abort: (reason) => connection.abort?.(reason),
          close: (graceMs) => connection.close(graceMs),
        };
      },
    },
  };
}
