import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { handlesLeft, tcpPorts } from "./handles-left.js";

test("names what was opened, until it is closed", async () => {
  const before = process.getActiveResourcesInfo();
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [served] = (await once(server, "connection")) as [{ destroy(): void }];
  const open = (): string[] => handlesLeft(before).filter((kind) => kind.startsWith("TCP"));
  expect(open().toSorted()).toEqual(["TCPServerWrap", "TCPSocketWrap", "TCPSocketWrap"]);
  const { port } = server.address() as AddressInfo;
  const { localPort } = socket;
  const ports = [`${port} - none`, `${localPort} - ${port}`, `${port} - ${localPort}`];
  expect(tcpPorts()).toEqual(expect.arrayContaining(ports));
  served.destroy();
  socket.destroy();
  server.close();
  await once(server, "close");
  await expect.poll(open).toEqual([]);
});

test("names timers that go on", () => {
  const before = process.getActiveResourcesInfo();
  const interval = setInterval(() => {}, 60_000);
  const left = handlesLeft(before);
  clearInterval(interval);
  expect(left).toEqual(["Timeout"]);
});
