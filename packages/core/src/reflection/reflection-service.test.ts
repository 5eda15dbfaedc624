import { Metadata } from "@grpc/grpc-js";
import { settle } from "@rollcall/testing/clock";
import { describe, expect, it } from "vitest";
import { createServerCall } from "../call/pipeline-call.js";
import { Code } from "../code.js";
import { defineFile, defineService } from "../contract/index.js";
import type { Handlers } from "../contract/shapes.js";
import { RpcError } from "../errors.js";
import { file as descriptors, type FileDescriptorProto } from "../gen/google/protobuf/descriptor.js";
import {
  ServerReflection,
  type ServerReflectionRequestInit,
  type ServerReflectionResponse,
} from "../gen/grpc/reflection/v1/reflection.js";
import { createReflectionService } from "./reflection-service.js";

const money = defineFile(
  "money.proto",
  `{"nested":{"shop":{"nested":{"Money":{"fields":{"cents":{"type":"int64","id":1}}}}}}}`,
);
const item = defineFile(
  "item.proto",
  `{"nested":{"shop":{"nested":{"Item":{"fields":{"price":{"type":".shop.Money","id":1}},"nested":{"Size":{"values":{"SIZE_S":0}}}}}}}}`,
  [money],
);
const orders = defineFile(
  "orders.proto",
  `{"nested":{"shop":{"nested":{"Order":{"oneofs":{"what":{"oneof":["oneItem"]}},"fields":{"oneItem":{"type":".shop.Item","id":1,"name":"one_item"},"total":{"type":".shop.Money","id":2}}},"Orders":{"methods":{"Get":{"requestType":".shop.Order","responseType":".shop.Order"}}}}}}}`,
  [item, money],
);
const Orders = defineService<object>("shop.Orders", orders, {});

function setup() {
  const services = createReflectionService([Orders]);
  const drain = new AbortController();
  const ctx = createServerCall(
    {
      method: ServerReflection.methods.serverReflectionInfo,
      metadata: new Metadata(),
      deadline: Infinity,
      request: {},
    },
    {
      responseHeader: new Metadata(),
      responseTrailer: new Metadata(),
      draining: drain.signal,
      peer: { address: "10.0.0.1:1" },
    },
  );
  const open = (
    requests: AsyncIterable<ServerReflectionRequestInit>,
  ): AsyncIterator<ServerReflectionResponse> => {
    const handlers = services[0]?.implementation as Handlers<ServerReflection>;
    const { request, response } = ServerReflection.methods.serverReflectionInfo;
    // As bytes carry them.
    const received = (async function* () {
      for await (const each of requests) yield request.decode(request.encode(each)) as never;
    })();
    const answers = handlers.serverReflectionInfo(received, ctx);
    return (async function* () {
      for await (const each of answers)
        yield response.decode(response.encode(each)) as ServerReflectionResponse;
    })()[Symbol.asyncIterator]();
  };
  const ask = async (...requests: ServerReflectionRequestInit[]): Promise<ServerReflectionResponse[]> => {
    const answers = open(
      (async function* () {
        yield* requests;
      })(),
    );
    const all: ServerReflectionResponse[] = [];
    for (let next = await answers.next(); !next.done; next = await answers.next()) all.push(next.value);
    return all;
  };
  return { services, drain, ctx, open, ask };
}

function fileNames(response: ServerReflectionResponse | undefined): readonly string[] | undefined {
  const codec = descriptors.message("google.protobuf.FileDescriptorProto");
  return response?.fileDescriptorResponse?.fileDescriptorProto.map(
    (bytes) => (codec.decode(bytes) as FileDescriptorProto).name ?? "",
  );
}

describe("server reflection", () => {
  it("is served in both versions, and lists all services with itself", async () => {
    const { services, ask } = setup();
    const names = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
    expect(services.map(({ contract }) => contract.name)).toEqual(names);
    expect(services.map(({ contract }) => contract.methods["serverReflectionInfo"]?.path)).toEqual(
      names.map((name) => `/${name}/ServerReflectionInfo`),
    );
    const [answer] = await ask({ host: "here", listServices: "*" });
    expect(answer).toMatchObject({
      validHost: "here",
      originalRequest: { host: "here", messageRequest: "listServices", listServices: "*" },
      listServicesResponse: { service: [...names, "shop.Orders"].map((name) => ({ name })) },
    });
  });

  it.each(["shop.Orders", "shop.Orders.Get", "shop.Order", "shop.Order.one_item", "shop.Order.what"])(
    "knows the file of %s, and sends it with all it imports",
    async (symbol) => {
      const { ask } = setup();
      const [answer] = await ask({ fileContainingSymbol: symbol });
      expect(fileNames(answer)).toEqual(["orders.proto", "item.proto", "money.proto"]);
    },
  );

  it("knows files by their names, and nested definitions in imported ones", async () => {
    const { ask } = setup();
    expect(fileNames((await ask({ fileByFilename: "money.proto" }))[0])).toEqual(["money.proto"]);
    for (const symbol of ["shop.Item.Size", "shop.Item.SIZE_S"])
      expect(fileNames((await ask({ fileContainingSymbol: symbol }))[0])).toEqual([
        "item.proto",
        "money.proto",
      ]);
  });

  it("sends what a file imports once on a stream, and a file asked for each time", async () => {
    const { ask } = setup();
    const answers = await ask(
      { fileByFilename: "item.proto" },
      { fileByFilename: "orders.proto" },
      { fileByFilename: "item.proto" },
    );
    expect(answers.map(fileNames)).toEqual([["item.proto", "money.proto"], ["orders.proto"], ["item.proto"]]);
  });

  it("says which extensions a message has: none", async () => {
    const { ask } = setup();
    const [answer] = await ask({ allExtensionNumbersOfType: "shop.Order" });
    expect(answer?.allExtensionNumbersResponse).toEqual({ baseTypeName: "shop.Order", extensionNumber: [] });
  });

  it.each<[ServerReflectionRequestInit, string]>([
    [{ fileByFilename: "../etc/passwd" }, 'no file "../etc/passwd" is known here'],
    [{ fileContainingSymbol: "" }, 'no symbol "" is known here'],
    [{ fileContainingSymbol: "toString" }, 'no symbol "toString" is known here'],
    [{ fileContainingSymbol: "shop.Order.oneItem" }, 'no symbol "shop.Order.oneItem" is known here'],
    [
      { fileContainingExtension: { containingType: "shop.Order", extensionNumber: 7 } },
      'no extension 7 of "shop.Order" is known here',
    ],
    [{ allExtensionNumbersOfType: "shop.Orders" }, 'no message "shop.Orders" is known here'],
  ])("answers %o with an error, and goes on", async (request, errorMessage) => {
    const { ask } = setup();
    const answers = await ask(request, { fileByFilename: "money.proto" });
    expect(answers[0]?.errorResponse).toEqual({ errorCode: Code.NotFound, errorMessage });
    expect(fileNames(answers[1])).toEqual(["money.proto"]);
  });

  it("refuses a request that asks for nothing", async () => {
    const { ask } = setup();
    await expect(ask({ host: "here" })).rejects.toMatchObject({ code: Code.InvalidArgument });
  });

  it("ends a stream that waits for its caller when the server drains, and when the caller goes", async () => {
    for (const end of ["drain", "cancel"] as const) {
      const { open, drain, ctx } = setup();
      const { promise: never } = Promise.withResolvers<void>();
      const answers = open(
        (async function* () {
          yield { fileByFilename: "money.proto" };
          await never;
        })(),
      );
      await answers.next();
      const next = answers.next();
      const ended = expect(next).rejects.toMatchObject({ reason: "enough" });
      await settle();
      const reason = new RpcError(Code.Unavailable, "enough");
      if (end === "drain") drain.abort(reason);
      else ctx.cancel(reason);
      await ended;
    }
  });
});
