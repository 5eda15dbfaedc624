import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, it } from "vitest";
import { typeScript } from "../programs.js";

it("node:test has the assertions, and prints the seed of a test that fails", async () => {
  const file = join(import.meta.dirname, "fixtures/node-runner.ts");
  const child = spawn(process.execPath, [...typeScript, "--test", "--test-reporter=tap", file], {
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  expect(code, output).toBe(1);
  expect(output).toContain("ok 1 - passes");
  expect(output).toContain("not ok 2 - fails");
  expect(output).toContain("shop.v1.Orders/Get was not called (seed 7)");
  expect(output).toContain(
    '# test app "app": seed 7; testApp({ seed: 7 }) or ROLLCALL_TEST_SEED=7 repeats it',
  );
});
