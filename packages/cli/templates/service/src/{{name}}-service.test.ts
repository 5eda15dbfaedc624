import { Code } from "@rollcall/app";
import { assertRpcError, testApp } from "@rollcall/testing";
import { expect, test } from "vitest";
import { {{Service}} } from "./gen/{{package}}/v1/{{package}}.js";
import { {{Service}}Service } from "./{{name}}-service.js";
import { PhraseBook } from "./phrase-book.js";

test("greets in the language that was asked for", async (context) => {
  const app = await testApp({ services: [{{Service}}Service], test: context }).override(PhraseBook, {
    find: async (language) => (language === "pirate" ? "Ahoy" : undefined),
  });
  const reply = await app.client({{Service}}).greet({ name: "Ada", language: "pirate" });
  expect(reply.text).toBe("Ahoy, Ada");
});

test("says which language it does not know", async (context) => {
  const app = await testApp({ services: [{{Service}}Service], test: context });
  await assertRpcError(app.client({{Service}}).greet({ language: "xx" }), Code.NotFound, /"xx"/);
});
