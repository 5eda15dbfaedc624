import { createApp } from "@rollcall/app";
import { {{Service}}Service } from "./{{name}}-service.js";

await createApp({ name: "{{name}}", version: "0.1.0", services: [{{Service}}Service] }).run();
