import {
  type Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
} from "@grpc/grpc-js";
import { etcdApi } from "./schema.js";

export interface EtcdCallOptions {
  /** Default 10 s. */
  readonly timeoutMs?: number | undefined;
  readonly metadata?: Metadata | undefined;
}

/** Bare calls of etcd's API, for tests that look at every field: no retries, no state of its own. */
export class EtcdClient implements Disposable {
  readonly #address: string;
  readonly #clients = new Map<string, Client>();

  /** @param url as `etcd://host:port` */
  constructor(url: string) {
    this.#address = url.replace(/^etcd:\/\//, "");
  }

  /**
   * A unary call, as `call("KV", "Put", { key, value })`; it waits until etcd can be reached.
   * @throws ServiceError with etcd's `code` and `details`.
   */
  call<T>(service: string, method: string, request: object, options: EtcdCallOptions = {}): Promise<T> {
    const client = this.#client(service);
    const { path, requestSerialize, responseDeserialize } = etcdApi[service]!.service[method]!;
    const metadata = options.metadata?.clone() ?? new Metadata();
    metadata.setOptions({ waitForReady: true });
    const deadline = Date.now() + (options.timeoutMs ?? 10_000);
    return new Promise<T>((resolve, reject) => {
      const answered = (error: ServiceError | null, answer?: T): void =>
        error ? reject(error) : resolve(answer as T);
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize as never,
        request,
        metadata,
        { deadline },
        answered,
      );
    });
  }

  /** A call that streams both ways: `Watch` of `Watch`, `LeaseKeepAlive` of `Lease`. */
  stream<Request, Response>(
    service: string,
    method: string,
    metadata: Metadata = new Metadata(),
  ): EtcdStream<Request, Response> {
    const { path, requestSerialize, responseDeserialize } = etcdApi[service]!.service[method]!;
    const client = this.#client(service);
    return new EtcdStream(
      client.makeBidiStreamRequest<Request, Response>(
        path,
        requestSerialize,
        responseDeserialize as never,
        metadata,
      ),
    );
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #client(service: string): Client {
    let client = this.#clients.get(service);
    if (!client) {
      client = new etcdApi[service]!(this.#address, credentials.createInsecure(), {
        "grpc.enable_http_proxy": 0,
        // Else it shares connections with other clients of this process, and their faults.
        "grpc.use_local_subchannel_pool": 1,
        "grpc.initial_reconnect_backoff_ms": 50,
        "grpc.max_reconnect_backoff_ms": 200,
      });
      this.#clients.set(service, client);
    }
    return client;
  }
}

/** A streaming call as a test reads it: everything received so far, and a wait for more. */
export class EtcdStream<Request, Response> {
  readonly received: Response[] = [];
  /** How the call ended. */
  readonly ended: Promise<StatusObject>;
  readonly #call: ClientDuplexStream<Request, Response>;
  #wake: () => void = () => {};

  constructor(call: ClientDuplexStream<Request, Response>) {
    this.#call = call;
    // Its status says the same and more.
    call.on("error", () => {});
    this.ended = new Promise((resolve) => call.on("status", resolve));
    call.on("data", (response: Response) => {
      this.received.push(response);
      this.#wake();
    });
  }

  send(request: Request): void {
    this.#call.write(request);
  }

  /** The first received response that fits, from the `from`th on; rejects after `timeoutMs` (default 10 s). */
  async find(
    fits: (response: Response) => boolean,
    { from = 0, timeoutMs = 10_000 }: { from?: number; timeoutMs?: number } = {},
  ): Promise<Response> {
    await this.until(() => this.received.slice(from).some(fits), timeoutMs);
    return this.received.slice(from).find(fits)!;
  }

  /** Resolves when `done` is true, which is looked at after every response; rejects after `timeoutMs`. */
  async until(done: () => boolean, timeoutMs: number = 10_000): Promise<void> {
    const giveUpAt = Date.now() + timeoutMs;
    while (!done()) {
      const left = giveUpAt - Date.now();
      if (left <= 0) throw new Error(`not received within ${timeoutMs} ms: ${done.toString()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  cancel(): void {
    this.#call.cancel();
  }
}
