import { describe } from "vitest";
import { transportContract } from "./contract.js";
import { grpc } from "./grpc.js";

describe("the gRPC transport", () => transportContract(() => grpc));
