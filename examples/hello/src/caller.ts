import { createClient } from "@rollcall/app";
import { Greeter } from "./gen/hello/v1/hello.js";

await using greeter = createClient(Greeter);

for (const name of ["Ada", "Grace", "Barbara"]) {
  const { text } = await greeter.sayHello({ name });
  console.log(text);
}
