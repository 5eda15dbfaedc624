import { createApp, Service } from "@rollcall/app";
import { Greeter, type SayHelloReplyInit, type SayHelloRequest } from "./gen/hello/v1/hello.js";

@Service(Greeter)
class GreeterService {
  async sayHello({ name }: SayHelloRequest): Promise<SayHelloReplyInit> {
    return { text: `Hello, ${name}, from process ${process.pid}` };
  }
}

await createApp({ name: "greeter", version: "1.0.0", services: [GreeterService] }).run();
