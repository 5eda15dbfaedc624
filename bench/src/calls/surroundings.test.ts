import { createRequire } from "node:module";
import { hostname } from "node:os";
import { expect, it } from "vitest";
import { kindNames } from "./kinds/index.js";
import { surroundings } from "./surroundings.js";

it("says which versions are compared, of what was measured", () => {
  const { versions } = surroundings(kindNames);
  expect(versions.map((version) => version.replace(/ v?\d+\.\d+\.\d+$/, ""))).toEqual([
    "@grpc/grpc-js",
    "@nestjs/microservices",
    "nice-grpc",
    "@connectrpc/connect-node",
    "moleculer",
    "grpc-go",
  ]);
  expect(surroundings(["plain", "lane"]).versions).toEqual([]);
});

it("compares peers with the grpc-js that they are built on", () => {
  const own = createRequire(import.meta.url)("@grpc/grpc-js/package.json") as { readonly version: string };
  expect(surroundings(["grpc-js"]).versions).toEqual([`@grpc/grpc-js ${own.version}`]);
});

it("does not name the machine", () => {
  expect(surroundings([]).machine).not.toContain(hostname());
});
