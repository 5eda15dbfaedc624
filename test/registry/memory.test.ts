import { memoryRegistry, staticRegistry } from "@rollcall/registry";
import { describe } from "vitest";
import { breakerContract } from "./breaker-contract.js";
import { registryContract } from "./contract.js";
import { rolloutContract } from "./rollout-contract.js";

describe.each([
  { name: "memory", create: memoryRegistry },
  { name: "static", create: () => staticRegistry({}) },
])("registry contract [$name]", ({ create }) => {
  registryContract(async () => {
    const registry = create();
    return { connect: () => registry, [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose]() };
  });
});

describe("rollout contract [memory]", () => {
  rolloutContract(async () => {
    const registry = memoryRegistry();
    return { connect: () => registry, [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose]() };
  });
});

describe("breaker reports contract [memory]", () => {
  breakerContract(async () => {
    const registry = memoryRegistry();
    return { connect: () => registry, [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose]() };
  });
});
