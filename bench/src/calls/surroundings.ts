import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, totalmem, type } from "node:os";
import { join } from "node:path";
import { peersFolder } from "./peers/folder.js";

/** Where and of what the figures are. */
export interface Surroundings {
  /** Day of the measurement, in UTC. */
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  /** What was compared, in which version. */
  readonly versions: readonly string[];
}

/** The machine says what it is made of, not what it is called. */
export function surroundings(kinds: readonly string[]): Surroundings {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${availableParallelism()} cores of ${cpus()[0]?.model.trim() || "a processor without a name"}, ${memory}, ${type()} ${arch()}`,
    node: process.version,
    versions: versionsOf(kinds),
  };
}

const packages: Readonly<Record<string, string>> = {
  "grpc-js": "@grpc/grpc-js",
  nestjs: "@nestjs/microservices",
  "nice-grpc": "nice-grpc",
  "connect-node": "@connectrpc/connect-node",
  moleculer: "moleculer",
};

/** As `bench/peers` pins them. */
function versionsOf(kinds: readonly string[]): readonly string[] {
  const { dependencies } = JSON.parse(readFileSync(join(peersFolder, "package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return kinds.flatMap((kind) => {
    if (kind === "grpc-go") return [`grpc-go ${/grpc (v\S+)/.exec(goMod())?.[1]}`];
    const name = packages[kind];
    return name === undefined ? [] : [`${name} ${dependencies[name]}`];
  });
}

const goMod = (): string => readFileSync(join(peersFolder, "go/go.mod"), "utf8");
