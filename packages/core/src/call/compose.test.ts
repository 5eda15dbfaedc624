import { expect, it } from "vitest";
import { Metadata } from "@grpc/grpc-js";
import { method } from "../fixtures/contracts.js";
import { answer } from "../fixtures/fake-transport.js";
import type { Interceptor } from "./call.js";
import { compose } from "./compose.js";
import { createCall } from "./pipeline-call.js";

const call = createCall({ method: method(), metadata: new Metadata(), deadline: Infinity, request: {} });

it("makes the first interceptor the outermost", async () => {
  const order: string[] = [];
  const named =
    (name: string): Interceptor =>
    (next) =>
    async (each) => {
      order.push(`> ${name}`);
      const reply = await next(each);
      order.push(`< ${name}`);
      return reply;
    };
  await compose([named("a"), named("b")], async () => answer())(call);
  expect(order).toEqual(["> a", "> b", "< b", "< a"]);
});

it("is the innermost handler itself without interceptors", () => {
  const send = async (): Promise<ReturnType<typeof answer>> => answer();
  expect(compose([], send)).toBe(send);
});
