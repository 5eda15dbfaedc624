import path from "node:path";
import { expect, it } from "vitest";
import { generate } from "./generate.js";

const root = path.resolve(import.meta.dirname, "../../../..");

it.each([
  {
    cwd: "packages/core",
    protos: ["proto/grpc", "proto/rollcall"],
    protoPaths: ["proto"],
    out: "src/gen",
    importFrom: "../contract/index.js",
  },
  {
    // Messages only: errors are made of them, and the contract's index knows errors.
    cwd: "packages/core",
    protos: ["proto/google"],
    protoPaths: ["proto"],
    out: "src/gen",
    importFrom: "../contract/proto-file.js",
  },
  {
    cwd: "test/fixtures",
    protos: ["proto/shop/v1/shop.proto"],
    protoPaths: ["proto"],
    out: "gen",
    importFrom: "@rollcall/core",
  },
  { cwd: "test/interop", protos: ["proto"], out: "gen", importFrom: "@rollcall/core" },
  { cwd: "bench", protos: ["proto"], out: "src/gen", importFrom: "@rollcall/app" },
  { cwd: "examples/hello", protos: ["proto"], out: "src/gen", importFrom: "@rollcall/app" },
  { cwd: "examples/rolling-restart", protos: ["proto"], out: "src/gen", importFrom: "@rollcall/app" },
  { cwd: "examples/canary", protos: ["proto"], out: "src/gen", importFrom: "@rollcall/app" },
])("finds the code generated in $cwd up to date", async (options) => {
  const { modules, missing, changed } = await generate({
    ...options,
    cwd: path.join(root, options.cwd),
    check: true,
  });
  expect(modules).not.toEqual([]);
  expect({ missing, changed }).toEqual({ missing: [], changed: [] });
});
