import { readFileSync, writeFileSync } from "node:fs";
import { toBinary, type DescFile } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { ContractSource, DescribedService } from "../contract/contract-source.js";
import { describeService } from "../contract/described-service.js";
import { decodeFile, linkDescriptors } from "../contract/file-registry.js";
import type { Traffic } from "./traffic.js";

/** The variable that names a plan's file to the caller's process. */
export const planVariable = "ROLLCALL_DRILL_PLAN";

/** What a caller's process is to do. It brings its contracts: protos and reflection are the drill's business. */
export interface CallerPlan extends Traffic {
  readonly ratePerSecond: number;
  /** By full name. */
  readonly services: ReadonlyMap<string, DescribedService>;
}

interface WrittenPlan extends Traffic {
  readonly ratePerSecond: number;
  /** File descriptors in base64. */
  readonly files: readonly string[];
}

/** Writes a plan for another process. */
export async function writePlan(
  file: string,
  traffic: Traffic,
  ratePerSecond: number,
  source: ContractSource,
): Promise<void> {
  const files = new Set<DescFile>();
  for (const name of serviceNames(traffic)) addFile((await source.service(name)).descriptor.file, files);
  const written: WrittenPlan = {
    ...traffic,
    ratePerSecond,
    files: Array.from(files, ({ proto }) =>
      Buffer.from(toBinary(FileDescriptorProtoSchema, proto)).toString("base64"),
    ),
  };
  writeFileSync(file, JSON.stringify(written));
}

/** Reads what `writePlan` has written. */
export function readPlan(file: string): CallerPlan {
  const { files, ...plan } = JSON.parse(readFileSync(file, "utf8")) as WrittenPlan;
  const registry = linkDescriptors(
    files.map((each) => decodeFile(Buffer.from(each, "base64"), file)),
    file,
  );
  const services = new Map(
    serviceNames(plan).map((name) => [name, describeService(registry, name, file)] as const),
  );
  return { ...plan, services };
}

function serviceNames({ calls, streams }: Traffic): readonly string[] {
  return [...new Set([...calls, ...streams].map(({ service }) => service))];
}

function addFile(file: DescFile, into: Set<DescFile>): void {
  if (into.has(file)) return;
  into.add(file);
  for (const each of file.dependencies) addFile(each, into);
}
