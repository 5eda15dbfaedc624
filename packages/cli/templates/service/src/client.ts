import { createClient } from "@rollcall/app";
import { {{Service}} } from "./gen/{{package}}/v1/{{package}}.js";
import { greetAll } from "./greet-all.js";

const names = process.argv.slice(2);

// It knows the contract and the registry (ROLLCALL_REGISTRY), no address.
await using client = createClient({{Service}});
for (const line of await greetAll(client, names.length > 0 ? names : ["Ada", "Grace", "Barbara"])) console.log(line);
