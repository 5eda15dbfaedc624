import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createApp, memoryRegistry, type App } from "@rollcall/app";
import {
  createGrpcServerTransport,
  createReflectionService,
  defineService,
  listen,
  systemClock,
  type RpcServer,
} from "@rollcall/core";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { linkedFiles } from "../../packages/cli/src/contract/linked-files.js";
import { fixtures } from "../../packages/cli/src/generate/fixtures/scratch.js";
import { resolveInputs } from "../../packages/cli/src/generate/inputs.js";
import { link } from "../../packages/cli/src/generate/link.js";
import { readSources } from "../../packages/cli/src/generate/sources.js";
import { describeGo } from "./describe-go.js";
import { buildGrpcurl } from "./go-toolchain.js";
import { InteropTestService } from "./test-service.js";

const logger = pino({ level: "silent" });

await describeGo(
  "grpcurl",
  (binary) => {
    const grpcurl = async (...args: readonly string[]): Promise<string> =>
      (await promisify(execFile)(binary, ["-plaintext", ...args])).stdout;
    const failure = async (...args: readonly string[]): Promise<string> => {
      const error = await grpcurl(...args).then(
        (out) => ({ stderr: `no error, but ${out}` }),
        (thrown: { stderr: string }) => thrown,
      );
      return error.stderr;
    };

    describe("with an app that has reflection", () => {
      let app: App;
      beforeEach(async () => {
        app = createApp({
          name: "interop",
          services: [InteropTestService],
          registry: memoryRegistry(),
          host: "127.0.0.1",
          reflection: true,
          gracePeriodMs: 20_000,
          logger,
          env: {},
        });
        await app.start();
      });
      afterEach(() => app.stop());

      it("lists services and describes methods and messages as the proto does", async () => {
        expect((await grpcurl(app.address, "list")).trim().split("\n")).toEqual([
          "grpc.health.v1.Health",
          "grpc.reflection.v1.ServerReflection",
          "grpc.reflection.v1alpha.ServerReflection",
          "grpc.testing.TestService",
        ]);
        expect(await grpcurl(app.address, "describe", "grpc.testing.TestService.FullDuplexCall")).toContain(
          "rpc FullDuplexCall ( stream .grpc.testing.StreamingOutputCallRequest ) returns ( stream .grpc.testing.StreamingOutputCallResponse );",
        );
        expect(await grpcurl(app.address, "describe", "grpc.testing.SimpleRequest")).toContain(
          "int32 response_size = 2;",
        );
        expect(await failure(app.address, "describe", "grpc.testing.Nothing")).toContain("Symbol not found");
      });

      it("makes calls of all kinds with JSON, without a proto", async () => {
        const unary = await grpcurl(
          "-d",
          `{"response_size": 3}`,
          app.address,
          "grpc.testing.TestService/UnaryCall",
        );
        expect(JSON.parse(unary)).toEqual({ payload: { body: "AAAA" } });
        const sums = await grpcurl(
          "-d",
          `{"payload":{"body":"AAAA"}} {"payload":{"body":"AAA="}}`,
          app.address,
          "grpc.testing.TestService/StreamingInputCall",
        );
        expect(JSON.parse(sums)).toEqual({ aggregatedPayloadSize: 5 });
        const many = await grpcurl(
          "-d",
          `{"response_parameters":[{"size":1},{"size":2}]}`,
          app.address,
          "grpc.testing.TestService/StreamingOutputCall",
        );
        expect(many.match(/"body"/g)).toHaveLength(2);
        expect(
          await failure("-d", `{"wrong": 1}`, app.address, "grpc.testing.TestService/UnaryCall"),
        ).toContain("no known field named wrong");
      });

      it("does not hold up a stop that it has an open stream of", async () => {
        const args = [
          "-plaintext",
          "-d",
          "@",
          app.address,
          "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        ];
        const child = spawn(binary, args, { stdio: ["pipe", "pipe", "pipe"] });
        const exited = once(child, "exit");
        let [out, err] = ["", ""];
        child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
        child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
        child.stdin.write(`{"list_services":"*"}\n`);
        await expect.poll(() => out, { timeout: 30_000 }).toContain("listServicesResponse");
        await app.stop();
        // It reads on before it looks at how the stream ended.
        child.stdin.end();
        await exited;
        expect(err).toContain("the server is draining");
      });
    });

    describe("with a server of every shape of message", () => {
      let server: RpcServer;
      let scratch: string;
      beforeAll(async () => {
        scratch = await mkdtemp(join(tmpdir(), "rollcall-grpcurl-"));
        const { names, protoPaths } = await resolveInputs([fixtures], [], fixtures);
        const models = link(await readSources(names, protoPaths, fixtures));
        const files = linkedFiles(models);
        const contracts = models.flatMap((model) =>
          model.services.map(({ fullName }) => defineService<object>(fullName, files.get(model.name)!, {})),
        );
        server = await listen({
          services: createReflectionService(contracts),
          transport: createGrpcServerTransport({ host: "127.0.0.1" }),
          interceptors: [],
          edge: true,
          timeoutOf: () => undefined,
          clock: systemClock,
          logger,
        });
      });
      afterAll(async () => {
        await server.listener.close();
        await rm(scratch, { recursive: true, force: true });
      });

      it("links all of it, as strictly as Go does", async () => {
        const address = `127.0.0.1:${server.listener.port}`;
        const protoset = join(scratch, "all.protoset");
        const services = (await grpcurl(address, "list")).trim().split("\n");
        expect(services).toEqual([
          "Pinger",
          "grpc.reflection.v1.ServerReflection",
          "grpc.reflection.v1alpha.ServerReflection",
          "shop.v1.Inventory",
          "shop.v1.Orders",
          "types.Echo",
          "types.clashes.Names",
          "types.described.Old",
          "types.legacy.People",
        ]);
        for (const service of services)
          expect(await grpcurl(address, "describe", service)).toContain("is a service");
        await grpcurl("-protoset-out", protoset, address, "describe", "shop.v1.Orders");
        const { file } = fromBinary(FileDescriptorSetSchema, await readFile(protoset));
        expect(file.map(({ name }) => name)).toContain("shop/v1/common.proto");
        expect(await grpcurl(address, "describe", "shop.v1.Order")).toContain(
          "map<string, .shop.v1.Order.Item> by_sku = 7;",
        );
        const optionals = await grpcurl(address, "describe", "types.Optionals");
        expect(optionals).toContain("optional .types.Tree tree = 5;");
        expect(optionals).toContain(`string renamed_in_json = 6 [json_name = "other"];`);
      });
    });
  },
  buildGrpcurl,
);
