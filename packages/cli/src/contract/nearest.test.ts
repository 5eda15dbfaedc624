import { expect, it } from "vitest";
import { nearest } from "./nearest.js";

it("names what is spelled alike first, then what there is", () => {
  const names = ["shop.v1.Orders", "shop.v1.Billing", "shop.v2.Orders"];
  expect(nearest("ordesr", names)).toBe(
    "did you mean shop.v1.Orders or shop.v2.Orders? it has shop.v1.Orders, shop.v1.Billing, shop.v2.Orders",
  );
  expect(nearest("shop.v1.Bilinlg", names)).toMatch(/^did you mean shop\.v1\.Billing\? it has /);
  expect(nearest("x", names)).toMatch(/^it has /);
  expect(nearest("", names)).toMatch(/^it has /);
});

it("lists ten, and says how many more there are", () => {
  const names = Array.from({ length: 12 }, (_, n) => `Name${n}`);
  expect(nearest("zzz", names)).toBe(`it has ${names.slice(0, 10).join(", ")} and 2 more`);
});
