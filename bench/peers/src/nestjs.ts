import "reflect-metadata";
import { fileURLToPath } from "node:url";
import { Controller, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import {
  ClientsModule,
  GrpcMethod,
  Transport,
  type ClientGrpc,
  type GrpcOptions,
} from "@nestjs/microservices";
import { firstValueFrom, type Observable } from "rxjs";
import type { CallKind } from "../../dist/calls/kind.js";
import { freePort } from "./free-port.js";

interface Text {
  readonly text: string;
}

interface Echo {
  say(request: Text): Observable<Text>;
}

const at = (url: string): GrpcOptions => ({
  transport: Transport.GRPC,
  options: {
    url,
    package: "bench.v1",
    protoPath: fileURLToPath(new URL("../../proto/bench/v1/echo.proto", import.meta.url)),
  },
});

@Controller()
class EchoController {
  @GrpcMethod("Echo", "Say")
  say(request: Text): Text {
    return request;
  }
}

@Module({ controllers: [EchoController] })
class ServerModule {}

export const kind: CallKind = {
  async serve() {
    const address = `127.0.0.1:${await freePort()}`;
    const app = await NestFactory.createMicroservice<GrpcOptions>(ServerModule, {
      ...at(address),
      logger: false,
    });
    await app.listen();
    return { address, close: () => app.close() };
  },
  async connect(address) {
    @Module({ imports: [ClientsModule.register([{ name: "echo", ...at(address) }])] })
    class ClientModule {}

    const app = await NestFactory.createApplicationContext(ClientModule, { logger: false });
    const echo = app.get<ClientGrpc>("echo").getService<Echo>("Echo");
    return {
      call: async (text) => (await firstValueFrom(echo.say({ text }))).text,
      close: () => app.close(),
    };
  },
};
