import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { pushBack } from "./push-back.js";

function trailer(...values: string[]): Metadata {
  const metadata = new Metadata();
  for (const value of values) metadata.add("grpc-retry-pushback-ms", value);
  return metadata;
}

describe("push-back", () => {
  it("is what the server says, in milliseconds", () => {
    expect(pushBack(trailer())).toBeUndefined();
    for (const [text, ms] of [
      ["0", 0],
      ["25", 25],
      ["2147483647", 2_147_483_647],
    ] as const)
      expect(pushBack(trailer(text))).toBe(ms);
  });

  it("forbids retries when it is negative, or no number of 32 bits", () => {
    for (const text of ["-1", "-0", "", " 5", "5ms", "1.5", "007", "1e3", "2147483648", "99999999999", "NaN"])
      expect(pushBack(trailer(text))).toBe("never");
    expect(pushBack(trailer("5", "5"))).toBe("never");
  });
});
