import { once } from "node:events";
import { connect, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import type { CallKind } from "../kind.js";

// The floor: HTTP/2 streams with gRPC's framing, and nothing else that gRPC is.

function framed(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(5 + Buffer.byteLength(text));
  bytes[0] = 0;
  bytes.writeUInt32BE(bytes.length - 5, 1);
  bytes.write(text, 5);
  return bytes;
}

export const http2: CallKind = {
  async serve() {
    const server = createServer();
    server.on("stream", (stream) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8", 5);
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end(framed(text));
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return { address: `127.0.0.1:${port}`, close: async () => void server.close() };
  },
  async connect(address) {
    const session = connect(`http://${address}`);
    await once(session, "connect");
    const headers = {
      ":method": "POST",
      ":path": "/bench.v1.Echo/Say",
      "content-type": "application/grpc",
      te: "trailers",
    };
    return {
      call: (text) =>
        new Promise((resolve, reject) => {
          const stream = session.request(headers);
          const chunks: Buffer[] = [];
          stream.on("data", (chunk: Buffer) => chunks.push(chunk));
          stream.on("end", () => resolve(Buffer.concat(chunks).toString("utf8", 5)));
          stream.on("error", reject);
          stream.end(framed(text));
        }),
      close: async () => session.close(),
    };
  },
};
