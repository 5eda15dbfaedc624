import { Client, credentials, type ClientReadableStream, type ServiceError } from "@grpc/grpc-js";
import { Health, type MethodContract } from "@rollcall/core";

type Status = { readonly status: string };

/** A gRPC client that knows nothing of Rollcall: one connection to one address. */
export class PlainClient implements Disposable {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), { "grpc.enable_http_proxy": 0 });
  }

  unary<T>(method: Pick<MethodContract, "path" | "request" | "response">, request: object): Promise<T> {
    const { path, request: encoder, response: decoder } = method;
    const deadline = Date.now() + 5_000;
    return new Promise((resolve, reject) => {
      const answered = (error: ServiceError | null, answer?: object): void =>
        error ? reject(error) : resolve(answer as T);
      this.#client.makeUnaryRequest(path, encoder.encode, decoder.decode, request, { deadline }, answered);
    });
  }

  async health(service = ""): Promise<string> {
    const { status } = await this.unary<Status>(Health.methods.check, { service });
    return status;
  }

  /** Every status that a Health/Watch sends goes to `seen`; resolves when the server ends it. */
  async watchHealth(service: string, seen: string[]): Promise<void> {
    const { path, request, response } = Health.methods.watch;
    const call: ClientReadableStream<object> = this.#client.makeServerStreamRequest(
      path,
      request.encode,
      response.decode,
      { service },
    );
    await new Promise<void>((resolve) => {
      call.on("data", ({ status }: Status) => seen.push(status));
      call.on("error", () => resolve());
      call.on("end", () => resolve());
    });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}
