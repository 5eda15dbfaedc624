import { expect, it } from "vitest";
import { render } from "./template.js";

const values = { name: "orders", vendor: "", setup: "RUN x" };

it("fills in placeholders, and leaves alone what is none", () => {
  expect(render("a {{name}}/{{name}}.proto ${{ name }} $(NAME) {name}", values)).toBe(
    "a orders/orders.proto ${{ name }} $(NAME) {name}",
  );
});

it("leaves out lines of nothing but an empty placeholder", () => {
  expect(render("a\n{{vendor}}\n  {{vendor}}\n{{setup}}\nb {{vendor}}\n", values)).toBe("a\nRUN x\nb \n");
});

it("does not fill in what a value brings", () => {
  expect(render("{{name}}", { name: "{{vendor}} $& $1", vendor: "no" })).toBe("{{vendor}} $& $1");
});

it("refuses a placeholder that nothing is known of", () => {
  expect(() => render("{{nmae}}", values)).toThrow("{{nmae}}");
});
