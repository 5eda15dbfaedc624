import type { ServerDuplexStream, UntypedHandleCall } from "@grpc/grpc-js";
import { type Clock, codeName } from "@rollcall/core";
import type { WatchRequest, WatchResponse } from "../messages.js";
import { refusal } from "./errors.js";
import { type Backend, tokenOf } from "./unary.js";
import { WatchStream } from "./watch-stream.js";

export interface WatchService {
  readonly handlers: Record<string, UntypedHandleCall>;
  /** Ends all watch calls as a member does that has lost its leader: UNAVAILABLE. */
  cut(): void;
}

/** etcd's Watch service. */
export function watchService(
  backend: Backend,
  { clock, progressIntervalMs }: { clock: Clock; progressIntervalMs: number },
): WatchService {
  const calls = new Set<() => void>();

  const Watch = (call: ServerDuplexStream<WatchRequest, WatchResponse>): void => {
    const token = tokenOf(call.metadata);
    const stream = new WatchStream(backend.member, {
      clock,
      progressIntervalMs,
      lagMs: () => backend.faults.lagMs,
      refusal: () => {
        const refused = backend.users.refusal(token);
        return refused && `rpc error: code = ${goName(codeName(refused.code))} desc = ${refused.message}`;
      },
      write: (response) => call.write(response),
    });
    const close = (): void => {
      calls.delete(cut);
      stream.close();
    };
    const cut = (): void => {
      close();
      const { code, message: details } = refusal("noLeader");
      call.emit("error", { code, details });
    };
    calls.add(cut);
    call.on("data", (request: WatchRequest) => stream.accept(request));
    call.on("cancelled", close);
    call.on("error", close);
    // A client that has nothing more to ask goes on receiving: etcd ends the call only when the client cancels it.
    call.on("close", close);
  };

  return {
    handlers: { Watch: Watch as UntypedHandleCall },
    cut() {
      for (const cut of calls) cut();
    },
  };
}

/** A code's name as Go's gRPC prints it, which etcd puts into a watch's cancel reason. */
function goName(name: string): string {
  return name.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
