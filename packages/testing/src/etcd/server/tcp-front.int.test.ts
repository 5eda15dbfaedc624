import { once } from "node:events";
import { type AddressInfo, connect, createServer, Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { TcpFront } from "./tcp-front.js";

afterEach(() => vi.restoreAllMocks());

/** A front with a server behind it, and one connection through both that has carried a byte each way. */
async function connected() {
  const inside = createServer((socket) => socket.on("error", () => {}).pipe(socket));
  inside.listen(0, "127.0.0.1");
  await once(inside, "listening");
  const front = new TcpFront((inside.address() as AddressInfo).port);
  const port = await front.listen(0, "127.0.0.1");
  const client = connect(port, "127.0.0.1");
  client.write("x");
  await once(client, "data");
  return {
    front,
    port,
    client,
    async [Symbol.asyncDispose]() {
      client.destroy();
      await front.close();
      inside.close();
    },
  };
}

const sockets = (): number =>
  process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;

describe("the front of an embedded etcd", () => {
  it("resets the connections that it breaks", async () => {
    await using scene = await connected();
    const error = once(scene.client, "error");
    scene.front.breakConnections();
    expect(await error).toMatchObject([{ code: "ECONNRESET" }]);
  });

  it("leaves no socket open that it breaks while the socket's end is on its way", async () => {
    await using scene = await connected();
    const end = Socket.prototype.end;
    let broken = 0;
    vi.spyOn(Socket.prototype, "end").mockImplementation(function (this: Socket, ...args: unknown[]) {
      Reflect.apply(end, this, args);
      if (this.localPort === scene.port) {
        broken++;
        scene.front.breakConnections();
      }
      return this;
    });
    scene.client.end();
    await expect.poll(sockets).toBe(0);
    expect(broken).toBeGreaterThan(0);
  });
});
