import { once } from "node:events";
import { createServer, type Http2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { closeAll, connect, serve } from "../../fixtures/connected.js";
import { RawClient } from "../../fixtures/raw-call.js";
import { windowBytes } from "./flow-control.js";

afterEach(closeAll);

/** What the other end of the session lets it send: on a stream, and on all of them. */
const allowed = ({ remoteSettings, state }: Http2Session) => ({
  stream: remoteSettings.initialWindowSize,
  connection: state.remoteWindowSize,
});
const both = { stream: windowBytes, connection: windowBytes };

describe("a batch of a lane, and many calls of a few KiB, are let through at once", () => {
  it("by servers", async () => {
    const server = await serve({ unary: () => ({}) });
    using client = new RawClient(server.listener.port);
    await expect.poll(() => allowed(client.session)).toEqual(both);
  });

  it("by clients", async () => {
    const server = createServer();
    const opened = once(server, "session") as Promise<[Http2Session]>;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      await connect((server.address() as AddressInfo).port);
      const [session] = await opened;
      await expect.poll(() => allowed(session)).toEqual(both);
      await closeAll();
    } finally {
      server.close();
    }
  });
});
