import { expect, it } from "vitest";
import { rotated } from "./rotated.js";

it("lets everybody be first in turn", () => {
  const rounds = [0, 1, 2, 3].map((round) => rotated(["a", "b", "c"], round).join(""));
  expect(rounds).toEqual(["abc", "bca", "cab", "abc"]);
  expect(rotated([], 3)).toEqual([]);
});
