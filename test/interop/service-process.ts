import { createApp } from "@rollcall/app";
import { InteropTestService } from "./test-service.js";

// A service process, found by its callers in the registry of ROLLCALL_REGISTRY.
await createApp({ name: "interop", services: [InteropTestService], host: "127.0.0.1" }).run();
