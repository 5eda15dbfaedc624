import { Service, type Handlers } from "@rollcall/app";
import { Echo } from "../gen/bench/v1/echo.js";

/** Answers who it is. */
@Service(Echo)
export class EchoService implements Handlers<Echo> {
  async say(): Promise<{ text: string }> {
    return { text: `${process.pid}` };
  }
}
