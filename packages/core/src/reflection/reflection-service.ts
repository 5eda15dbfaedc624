import type { ServerCallContext } from "../call/call.js";
import { Code } from "../code.js";
import type { ServiceContract } from "../contract/contract.js";
import type { ProtoFile } from "../contract/proto-file.js";
import type { Handlers } from "../contract/shapes.js";
import { RpcError } from "../errors.js";
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponseInit,
} from "../gen/grpc/reflection/v1/reflection.js";
import { ServerReflection as ServerReflectionV1Alpha } from "../gen/grpc/reflection/v1alpha/reflection.js";
import { unlessAborted } from "../lifecycle/bounded.js";
import type { BoundService } from "../server/dispatch.js";
import { untilOver } from "../server/until-over.js";
import { descriptorSource } from "./descriptor-source.js";
import { withImports } from "./imports.js";

/**
 * grpc.reflection.v1.ServerReflection, and v1alpha with the same answers: tools such as grpcurl ask it what a server can be
 * called with. It tells of the contracts and of itself; a stream of it ends when the server drains.
 */
export function createReflectionService(contracts: readonly ServiceContract<any>[]): readonly BoundService[] {
  const own = [ServerReflection, ServerReflectionV1Alpha];
  const all = [...contracts, ...own];
  const services = all.map(({ name }) => ({ name })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const source = descriptorSource(all.map(({ file }) => file));

  const handlers: Handlers<ServerReflection> = {
    async *serverReflectionInfo(requests, ctx) {
      const sent = new Set<ProtoFile>();
      for await (const request of untilDrained(requests, ctx)) {
        yield { validHost: request.host, originalRequest: request, ...answer(request, sent) };
      }
    },
  };
  // Both have the same messages.
  return own.map((contract) => ({ contract, implementation: handlers }));

  function answer(request: ServerReflectionRequest, sent: Set<ProtoFile>): ServerReflectionResponseInit {
    switch (request.messageRequest) {
      case "listServices":
        return { listServicesResponse: { service: services } };
      case "fileByFilename": {
        const file = source.file(request.fileByFilename);
        return file ? files(file, sent) : notFound(`file ${JSON.stringify(request.fileByFilename)}`);
      }
      case "fileContainingSymbol": {
        const found = source.symbol(request.fileContainingSymbol);
        return found
          ? files(found.file, sent)
          : notFound(`symbol ${JSON.stringify(request.fileContainingSymbol)}`);
      }
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = request.fileContainingExtension;
        return notFound(`extension ${extensionNumber} of ${JSON.stringify(containingType)}`);
      }
      case "allExtensionNumbersOfType": {
        const baseTypeName = request.allExtensionNumbersOfType;
        const isMessage = source.symbol(baseTypeName)?.kind === "message";
        // Contracts have no extensions: `rollcall generate` refuses them.
        return isMessage
          ? { allExtensionNumbersResponse: { baseTypeName } }
          : notFound(`message ${JSON.stringify(baseTypeName)}`);
      }
      default:
        throw new RpcError(Code.InvalidArgument, "the request asks for nothing that is known here");
    }
  }

  /** The file, whether sent or not, and what it imports that this stream has not had. */
  function files(file: ProtoFile, sent: Set<ProtoFile>): ServerReflectionResponseInit {
    const needed = Array.from(withImports(file), ({ name }) => source.file(name) ?? file);
    const due = needed.filter((each) => each === needed[0] || !sent.has(each));
    for (const each of due) sent.add(each);
    return {
      fileDescriptorResponse: { fileDescriptorProto: due.map((each) => source.descriptor(each)) },
    };
  }
}

function notFound(what: string): ServerReflectionResponseInit {
  return { errorResponse: { errorCode: Code.NotFound, errorMessage: `no ${what} is known here` } };
}

async function* untilDrained<T>(stream: AsyncIterable<T>, ctx: ServerCallContext): AsyncIterable<T> {
  const iterator = stream[Symbol.asyncIterator]();
  for (;;) {
    const next = await untilOver(ctx, async (signal) => {
      const result = await unlessAborted(iterator.next(), signal);
      if (!result) throw signal.reason;
      return result;
    });
    if (next.done) return;
    yield next.value;
  }
}
