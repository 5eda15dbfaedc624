import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import {
  Code,
  ConfigError,
  createReflectionService,
  defineService,
  type ServerReflectionRequestInit,
  type ServerReflectionResponse,
} from "@rollcall/core";
import { describe, expect, it } from "vitest";
import { fixtures } from "../generate/fixtures/scratch.js";
import { resolveInputs } from "../generate/inputs.js";
import { link } from "../generate/link.js";
import { readSources } from "../generate/sources.js";
import { linkedFiles } from "./linked-files.js";
import type { ReflectionServer } from "./reflection-server.js";
import { reflectionSource } from "./reflection-source.js";

type Answer = Pick<
  ServerReflectionResponse,
  "fileDescriptorResponse" | "errorResponse" | "listServicesResponse"
>;

/** A server that answers each question by a function, and how often it was asked. */
function server(answer: (question: ServerReflectionRequestInit) => Partial<Answer>): ReflectionServer & {
  readonly asked: ServerReflectionRequestInit[];
} {
  const asked: ServerReflectionRequestInit[] = [];
  return {
    asked,
    description: "the server",
    async ask(requests) {
      asked.push(...requests);
      return requests.map((each) => answer(each) as ServerReflectionResponse);
    },
    async [Symbol.asyncDispose]() {},
  };
}

function bytes(file: MessageInitShape<typeof FileDescriptorProtoSchema>): Buffer {
  const message = create(FileDescriptorProtoSchema, file);
  message.syntax = "proto3";
  return Buffer.from(toBinary(FileDescriptorProtoSchema, message));
}

function filesAnswer(...fileDescriptorProto: Buffer[]): Partial<Answer> {
  return { fileDescriptorResponse: { fileDescriptorProto } };
}

const notFound: Partial<Answer> = { errorResponse: { errorCode: Code.NotFound, errorMessage: "no" } };
const service = { name: "S", method: [{ name: "M", inputType: ".E", outputType: ".E" }] };

describe("contracts by server reflection", () => {
  it("are those of the protos behind the server, whatever it sends along", async () => {
    const { names, protoPaths } = await resolveInputs([fixtures], [], fixtures);
    const files = linkedFiles(link(await readSources(names, protoPaths, fixtures)));
    const orders = defineService<object>("shop.v1.Orders", files.get("shop/v1/shop.proto")!, {});
    const [reflection] = createReflectionService([orders]);
    const { serverReflectionInfo } = reflection!.implementation as {
      serverReflectionInfo: (requests: AsyncIterable<object>, ctx: object) => AsyncIterable<object>;
    };
    const ctx = { draining: new AbortController().signal, onCancel: () => () => {} };
    const codecs = reflection!.contract.methods["serverReflectionInfo"]!;
    for (const alone of [false, true]) {
      const own: ReflectionServer = {
        description: "the server",
        async ask(requests) {
          const all: ServerReflectionResponse[] = [];
          const received = (async function* () {
            for (const each of requests) yield codecs.request.decode(codecs.request.encode(each));
          })();
          for await (const each of serverReflectionInfo(received, ctx)) {
            const answer = codecs.response.decode(codecs.response.encode(each)) as ServerReflectionResponse;
            // As servers in other languages answer: the file that was asked for, and no other.
            if (alone) answer.fileDescriptorResponse?.fileDescriptorProto.splice(1);
            all.push(answer);
          }
          return all;
        },
        async [Symbol.asyncDispose]() {},
      };
      await using source = reflectionSource(own);
      expect(await source.services()).toContain("shop.v1.Orders");
      const { request } = (await source.service("shop.v1.Orders")).method("Put");
      expect(request.toJson(request.fromJson({ by_sku: { a: { size: "SIZE_XL" } }, note: "" }))).toEqual({
        bySku: { a: { size: "SIZE_XL" } },
        note: "",
      });
    }
  });

  it("are asked for what they import until all is there, each file once", async () => {
    const answers: Record<string, Partial<Answer>> = {
      S: filesAnswer(bytes({ name: "a", dependency: ["b", "c"], service: [service] })),
      b: filesAnswer(bytes({ name: "b", dependency: ["c"] })),
      c: filesAnswer(bytes({ name: "c", messageType: [{ name: "E" }] })),
    };
    const asking = server(
      (each) => answers[each.fileContainingSymbol ?? each.fileByFilename ?? ""] ?? notFound,
    );
    expect((await reflectionSource(asking).service("S")).methods).toHaveLength(1);
    expect(asking.asked).toEqual([
      { fileContainingSymbol: "S" },
      { fileByFilename: "b" },
      { fileByFilename: "c" },
    ]);
  });

  it.each<[string, (question: ServerReflectionRequestInit) => Partial<Answer>, string]>([
    [
      "a service it does not have",
      (each) => (each.listServices ? { listServicesResponse: { service: [{ name: "shop.Ss" }] } } : notFound),
      'the server has no service "shop.S"; did you mean shop.Ss?',
    ],
    ["nothing", () => ({}), "the server answers something else than it was asked"],
    [
      "another error",
      () => ({ errorResponse: { errorCode: 7, errorMessage: "not you" } }),
      "the server answers [permission_denied] not you",
    ],
    ["garbage", () => filesAnswer(Buffer.from([0xff, 1, 2])), "gave a file descriptor that cannot be read"],
    ["a file without a name", () => filesAnswer(Buffer.alloc(0)), "gave a file descriptor without a name"],
    [
      "a file that imports what is not there",
      (each) => (each.fileByFilename ? notFound : filesAnswer(bytes({ name: "a", dependency: ["b"] }))),
      "the server answers [not_found] no",
    ],
    [
      "another file than the one asked for",
      (each) => filesAnswer(bytes(each.fileByFilename ? { name: "x" } : { name: "a", dependency: ["b"] })),
      'the server has no file "b"',
    ],
    [
      "files that import each other",
      (each) =>
        filesAnswer(
          bytes(each.fileByFilename ? { name: "b", dependency: ["a"] } : { name: "a", dependency: ["b"] }),
        ),
      "the server has an import cycle: a -> b -> a",
    ],
    [
      "a file that imports itself",
      () => filesAnswer(bytes({ name: "a", dependency: ["a"] })),
      "the server has an import cycle: a -> a",
    ],
    [
      "imports without an end",
      (each) => {
        const n = Number(each.fileByFilename ?? 0);
        return filesAnswer(bytes({ name: String(n), dependency: [String(n + 1)] }));
      },
      "the server has more than 5000 files",
    ],
    [
      "a type that is not there",
      () => filesAnswer(bytes({ name: "a", service: [service] })),
      "the server has descriptors that do not link",
    ],
    [
      "names that are none",
      () => filesAnswer(bytes({ name: "a", messageType: [{ name: "\u001b[2J" }] })),
      "the server has descriptors that do not link",
    ],
    [
      "a file without the service",
      () => filesAnswer(bytes({ name: "a", messageType: [{ name: "E" }] })),
      'the server has no service "shop.S", and no other',
    ],
  ])("fail with a reason when the server gives %s", async (_, answer, reason) => {
    const failing = reflectionSource(server(answer)).service("shop.S");
    await expect(failing).rejects.toThrow(ConfigError);
    await expect(failing).rejects.toThrow(reason);
  });

  it("fail with a reason for messages that are nested without an end", async () => {
    // nestedType is field 3, messageType of a file field 4: lengths from the inside out.
    let inner = Buffer.alloc(0);
    const varint = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >> 7)]);
    for (let n = 0; n < 5_000; n++)
      inner = Buffer.concat([Buffer.from([0x1a, ...varint(inner.length)]), inner]);
    const file = Buffer.concat([Buffer.from([0x0a, 1, 0x61, 0x22, ...varint(inner.length)]), inner]);
    await expect(reflectionSource(server(() => filesAnswer(file))).service("S")).rejects.toThrow(
      "gave a file descriptor that cannot be read",
    );
  });
});
