import { defineConfig } from "vitest/config";

export default defineConfig({
  // Injection reads the types of constructor parameters.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: { include: ["src/**/*.test.ts"] },
});
