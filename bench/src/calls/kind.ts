/** A server of `bench.v1.Echo`, in a process of its own. */
export interface Served {
  /** What a client needs to reach it: a port, or where it is registered. */
  readonly address: string;
  close(): Promise<void>;
}

/** A client, in a process of its own. */
export interface Caller {
  /** Sends a text and resolves with the one that came back. */
  call(text: string): Promise<string>;
  close(): Promise<void>;
}

/** What both get from the benchmark. */
export interface KindEnv {
  /** The URL of an etcd, for kinds that register. */
  readonly registry: string;
}

/** One of those that are compared: both of its sides. */
export interface CallKind {
  serve(env: KindEnv): Promise<Served>;
  connect(address: string, env: KindEnv): Promise<Caller>;
}
