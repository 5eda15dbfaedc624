import { Code, createGrpcTransport, type ServiceInstance } from "@rollcall/app";
import { expect, test } from "vitest";
import { keepaliveOf } from "../../packages/core/src/transport/grpc/keepalive.js";
import { instanceOf } from "../registry/instance.js";
import { describeGo } from "./describe-go.js";
import type { Status } from "./conversation.js";
import { startGoServer } from "./go-process.js";
import { rollcallClient } from "./rollcall-client.js";

/** A server of Go forbids more than one ping in 5 min; here all times are a two-hundredth of the real ones. */
const scale = 200;
const floorMs = 300_000 / scale;

await describeGo("a stream that is idle for longer than four pings of a Go server's floor", (binary) => {
  /** How the stream ends when it is pinged as an instance like this one is. */
  async function idle(like: ServiceInstance): Promise<Status> {
    await using server = await startGoServer(binary, ["-min-ping-interval", `${floorMs}ms`]);
    const timeMs = Number(keepaliveOf(like)["grpc.keepalive_time_ms"]) / scale;
    const channelOptions = { "grpc.keepalive_time_ms": timeMs };
    await using client = rollcallClient(server.address, createGrpcTransport({ channelOptions }));
    const call = client.fullDuplexCall({ timeoutMs: Infinity });
    call.send({ responseParameters: [{ size: 1 }] });
    await call.receive();
    const end = setTimeout(() => call.closeSend(), 5 * floorMs);
    const status = await call.status();
    clearTimeout(end);
    return status;
  }

  test("goes on when the instance may be of another language", async () => {
    expect(await idle(instanceOf({ incarnation: "" }))).toMatchObject({ code: Code.Ok });
  });

  test("would be ended with the pings that Rollcall servers get", async () => {
    expect(await idle(instanceOf({ incarnation: "1" }))).toMatchObject({ code: Code.ResourceExhausted });
  });
});
