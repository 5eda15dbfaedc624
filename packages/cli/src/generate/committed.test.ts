import path from "node:path";
import { expect, it } from "vitest";
import { generate } from "./generate.js";

it("finds the health contract in core as generated from its proto", async () => {
  const core = path.resolve(import.meta.dirname, "../../../core");
  const result = await generate({
    protos: ["proto"],
    out: "src/gen",
    importFrom: "../contract/index.js",
    check: true,
    cwd: core,
  });
  expect(result).toEqual({ modules: ["grpc/health/v1/health.ts"], missing: [], changed: [] });
});
