import { hostname } from "node:os";
import { Code, Method, RpcError, Service, type ServerCallContext } from "@rollcall/app";
import { {{Service}}, type GreetReplyInit, type GreetRequest, type WatchRequest } from "./gen/{{package}}/v1/{{package}}.js";
import { Pause } from "./pause.js";
import { PhraseBook } from "./phrase-book.js";

/** Pods tell each other apart by host name, processes on one machine by their id. */
const servedBy = `${hostname()}/${process.pid}`;

@Service({{Service}})
export class {{Service}}Service {
  constructor(
    private readonly phrases: PhraseBook,
    private readonly pause: Pause,
  ) {}

  @Method({ timeoutMs: 800 })
  async greet({ name, language }: GreetRequest): Promise<GreetReplyInit> {
    const phrase = await this.phrases.find(language || "en");
    if (phrase === undefined) throw new RpcError(Code.NotFound, `no greeting in language ${JSON.stringify(language)}`);
    return { text: `${phrase}, ${name || "world"}`, servedBy };
  }

  async *watch(request: WatchRequest, ctx: ServerCallContext): AsyncIterable<GreetReplyInit> {
    for (;;) {
      // When this process is told to stop, the caller opens the stream again elsewhere.
      ctx.draining.throwIfAborted();
      yield await this.greet(request);
      await this.pause.for(1_000, ctx.signal);
    }
  }
}
