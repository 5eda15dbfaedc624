import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { Code, codeName, codeOf, ConfigError, type ServerReflectionResponse } from "@rollcall/core";
import type { ContractSource } from "./contract-source.js";
import { describeService, unknownService } from "./described-service.js";
import { decodeFile, linkDescriptors, mostFiles } from "./file-registry.js";
import type { ReflectionServer } from "./reflection-server.js";

/** What a server that has reflection says of its services. */
export function reflectionSource(server: ReflectionServer): ContractSource {
  const { description } = server;
  const services = async (): Promise<readonly string[]> => {
    const [answer] = await server.ask([{ listServices: "*" }]);
    if (!answer?.listServicesResponse) throw refused(answer, description);
    return answer.listServicesResponse.service.map(({ name }) => name).toSorted();
  };
  return {
    description,
    services,
    async service(name) {
      const [answer] = await server.ask([{ fileContainingSymbol: name }]);
      if (answer?.errorResponse?.errorCode === Code.NotFound)
        throw new ConfigError(unknownService(name, await services(), description));
      const files = new Map<string, FileDescriptorProto>();
      add(files, answer, description);
      // Not every server sends what a file imports along with it.
      for (let missing = missingFrom(files); missing.length > 0; missing = missingFrom(files)) {
        const answers = await server.ask(missing.map((file) => ({ fileByFilename: file })));
        for (const [n, file] of missing.entries()) {
          add(files, answers[n], description);
          if (!files.has(file)) throw new ConfigError(`${description} has no file ${JSON.stringify(file)}`);
        }
      }
      return describeService(linkDescriptors(files.values(), description), name, description);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function add(
  files: Map<string, FileDescriptorProto>,
  answer: ServerReflectionResponse | undefined,
  description: string,
): void {
  if (!answer?.fileDescriptorResponse) throw refused(answer, description);
  for (const bytes of answer.fileDescriptorResponse.fileDescriptorProto) {
    const file = decodeFile(bytes, description);
    if (!files.has(file.name)) files.set(file.name, file);
    if (files.size > mostFiles) throw new ConfigError(`${description} has more than ${mostFiles} files`);
  }
}

function missingFrom(files: ReadonlyMap<string, FileDescriptorProto>): readonly string[] {
  const imported = new Set(Array.from(files.values()).flatMap(({ dependency }) => dependency));
  return [...imported].filter((name) => !files.has(name));
}

function refused(answer: ServerReflectionResponse | undefined, description: string): Error {
  const { errorCode = 0, errorMessage = "" } = answer?.errorResponse ?? {};
  if (!answer?.errorResponse)
    return new ConfigError(`${description} answers something else than it was asked`);
  return new ConfigError(`${description} answers [${codeName(codeOf(errorCode))}] ${errorMessage}`);
}
