import protobuf from "protobufjs";
import { embeddedJson } from "./embed.js";
import { linkEnum, linkMessage } from "./link-message.js";
import { linkService } from "./link-service.js";
import type { EnumModel, FileModel, MessageModel, ServiceModel } from "./model.js";
import { GenerateError, type Problem } from "./problem.js";
import { References } from "./references.js";
import type { SourceFile } from "./sources.js";
import { definitions, scopeOf } from "./symbols.js";

/**
 * Resolves every name and checks every definition.
 * @throws {GenerateError} with all problems of all files
 */
export function link(files: ReadonlyMap<string, SourceFile>): FileModel[] {
  const problems = new Map<string, Problem>();
  const report = (problem: Problem): void => {
    problems.set(JSON.stringify(problem), problem);
  };
  const models = [...files.values()].map((file) => linkFile(file, files, report));
  if (problems.size > 0) throw new GenerateError([...problems.values()]);
  return models;
}

function linkFile(
  file: SourceFile,
  files: ReadonlyMap<string, SourceFile>,
  report: (problem: Problem) => void,
): FileModel {
  const { scope, problems } = scopeOf(file, files);
  problems.forEach(report);
  const references = new References(file, scope, report);
  const messages: MessageModel[] = [];
  const enums: EnumModel[] = [];
  const services: ServiceModel[] = [];
  for (const [fullName, definition] of definitions(file)) {
    if (definition instanceof protobuf.Type) messages.push(linkMessage(fullName, definition, references));
    else if (definition instanceof protobuf.Enum) enums.push(linkEnum(fullName, definition, references));
    else services.push(linkService(fullName, definition, references));
  }
  checkExtensions(file, references);
  const json = embeddedJson(file.root, {
    absolute: (reference, around) => references.absolute(reference, around),
    written: (message, camelCase) => references.declaration(`${message}.${camelCase}`)?.name,
  });
  const uses = [...references.uses].toSorted();
  return { name: file.name, package: packageOf(file), messages, enums, services, uses, json };
}

/** Custom options may be declared, since nothing of them is needed at run time; other extensions are refused. */
function checkExtensions(file: SourceFile, references: References): void {
  for (const { kind, fullName, name, at } of file.outline.declarations) {
    if (kind !== "extend") continue;
    const around = fullName.slice(0, Math.max(0, fullName.length - name.length - 1));
    const target = references.find(name, around, at);
    if (!target || /^google\.protobuf\.\w+Options$/.test(target.fullName)) continue;
    references.refuse(at, `extensions of "${target.fullName}" are not supported, only custom options are`);
  }
}

function packageOf(file: SourceFile): string {
  const head = file.outline.heads.find(({ keyword }) => keyword === "package");
  const parts = head?.tokens.slice(1) ?? [];
  return parts.map(({ text }) => text).join("");
}
