import { once } from "node:events";
import { connect, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import type { CallKind } from "../kind.js";
import { callsOver, echo } from "./texts.js";

// The floor of lanes: what `tcp` does, inside of one HTTP/2 stream.

/** As much as Rollcall allows, so that a batch does not wait for its reader. */
const windowBytes = 256 << 10;

export const http2Stream: CallKind = {
  async serve() {
    const server = createServer({ settings: { initialWindowSize: windowBytes } });
    server.on("session", (session) => session.setLocalWindowSize(windowBytes));
    server.on("stream", (stream) => {
      stream.respond({ ":status": 200 });
      echo(stream);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return { address: `127.0.0.1:${port}`, close: async () => void server.close() };
  },
  async connect(address) {
    const session = connect(`http://${address}`, { settings: { initialWindowSize: windowBytes } });
    await once(session, "connect");
    session.setLocalWindowSize(windowBytes);
    const stream = session.request({ ":method": "POST", ":path": "/texts" }, { endStream: false });
    await once(stream, "response");
    return {
      call: callsOver(stream),
      async close() {
        stream.end();
        session.close();
      },
    };
  },
};
