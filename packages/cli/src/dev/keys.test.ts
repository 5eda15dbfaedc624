import { once } from "node:events";
import { PassThrough } from "node:stream";
import { settle } from "@rollcall/testing";
import { expect, it } from "vitest";
import { followKeys } from "./keys.js";

it("restarts at a line that is r, and at nothing else", async () => {
  const input = new PassThrough();
  let restarts = 0;
  {
    using _keys = followKeys(input, () => restarts++);
    input.write("r\nx\n\nrr\n  r  \r\nr");
    await settle();
    expect(restarts).toBe(2);
  }
  await once(input, "close");
  expect(input.destroyed).toBe(true);
});
