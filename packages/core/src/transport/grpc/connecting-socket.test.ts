import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { ChannelCredentials } from "@grpc/grpc-js";
import { expect, it, vi } from "vitest";
import { ConnectingSocket } from "./connecting-socket.js";

it("has the kernel look after connections on which nothing moves", async () => {
  const connect = vi.fn(async () => ({ socket: new EventEmitter() }));
  const plain = { _createSecureConnector: () => ({ connect }) } as unknown as ChannelCredentials;
  const socket = { setKeepAlive: vi.fn(), destroy: vi.fn() };
  const { credentials } = new ConnectingSocket(plain);
  const connector = (
    credentials._createSecureConnector as unknown as () => { connect(socket: Socket): unknown }
  )();
  connector.connect(socket as unknown as Socket);
  expect(socket.setKeepAlive).toHaveBeenCalledWith(true, 8_000);
  expect(connect).toHaveBeenCalledWith(socket);
});
