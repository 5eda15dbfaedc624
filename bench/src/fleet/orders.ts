/** To a process with instances. */
export type InstanceOrder =
  /** So many apps, each with a server, a port and a registration of its own; answers when it began to register the last, in ns. */
  | { readonly do: "start"; readonly registry: string; readonly apps: number }
  | { readonly do: "leave" }
  /** One app that stops at SIGTERM, as in production; answers who it is. */
  | { readonly do: "run"; readonly registry: string }
  /** Only raw grpc-js' server. */
  | { readonly do: "grpc-js" }
  | { readonly do: "memory" }
  | { readonly do: "stop" };

/** To a process with a client. */
export type ClientOrder =
  /** Calls until this many instances have answered. */
  | { readonly do: "start"; readonly registry: string; readonly endpoints: number }
  | { readonly do: "memory" }
  | { readonly do: "stop" };
