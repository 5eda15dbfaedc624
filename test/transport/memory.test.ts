import { describe } from "vitest";
import { transportContract } from "./contract.js";
import { memory } from "./memory.js";

describe("the memory transport", () => transportContract(() => memory(0)));
