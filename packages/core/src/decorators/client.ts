import { inject } from "inversify";
import type { BreakerOptions } from "../client/breaker/breaker-options.js";
import type { Fallback } from "../client/fallback.js";
import type { ServiceContract } from "../contract/contract.js";
import type { ClientOf } from "../contract/shapes.js";
import type { BalancerFactory } from "../ports/balancer.js";

/** What `@Client` may ask for beside the contract. */
export interface ClientOptions<S = any> {
  /** The balancing policy: its name, or one of your own. Default: the app's. */
  readonly balancer?: string | BalancerFactory | undefined;
  /** Timeout of calls that do not say one, in milliseconds. Default: the app's, 10 s. */
  readonly timeoutMs?: number | undefined;
  /** The app's start waits until an instance can take calls. Default false: two services may call each other. */
  readonly required?: boolean | undefined;
  /** Of this client, over the app's; `false` for none. Nothing turns it on where the app has turned it off. */
  readonly breaker?: BreakerOptions | false | undefined;
  /** Answers for methods whose call has failed by the server's fault, in time's want or at an open breaker. Default none. */
  readonly fallback?: Fallback<S> | undefined;
  /** How many of its calls may wait for an endpoint; more fail at once with `resource_exhausted`. Default: the app's, 10 000. */
  readonly maxPendingCalls?: number | undefined;
  /** Where the app has TLS: whom this service's instances must prove to be. Default: the app's `tls.serverName`. */
  readonly tls?: ClientTlsOptions | undefined;
}

/** What a client expects of its servers' certificates. */
export interface ClientTlsOptions {
  /**
   * A DNS name, an IP address or a SPIFFE id (`spiffe://prod.example/ns/shop/sa/orders`). `{service}` stands for the
   * contract's full name, `{name}` for its last part (`order-history`). Never taken from the registry.
   */
  readonly serverName?: string | undefined;
}

/** A client that some class asks for. */
export interface ClientRequest {
  readonly token: symbol;
  readonly contract: ServiceContract<any>;
  readonly options: ClientOptions;
}

/** Declarations, like the metadata that decorators leave on classes: an app binds those its container is asked for. */
const requests: ClientRequest[] = [];

/** Every client that a decorated class of this process asks for. */
export function clientRequests(): readonly ClientRequest[] {
  return requests;
}

/** Appears in compiler errors only: what the decorated parameter's type should be. */
export interface DeclareParameterAs<Expected> {
  readonly expected: Expected;
}

type ClientParameter<S, C, I extends number> = C extends abstract new (...args: infer A) => unknown
  ? ClientOf<S> extends A[I]
    ? void
    : DeclareParameterAs<ClientOf<S>>
  : never;

/** A typed client: `constructor(@Client(Billing) private readonly billing: Client<Billing>)`. */
export type Client<S> = ClientOf<S>;

/** Injects a client of the contract. The parameter's type must fit it, or the class does not compile. */
export function Client<S>(
  contract: ServiceContract<S>,
  options: ClientOptions<NoInfer<S>> = {},
): <C extends abstract new (...args: any[]) => unknown, const I extends number>(
  target: C,
  key: undefined,
  index: I,
) => ClientParameter<S, C, I> {
  const token = Symbol(`client of ${contract.name}`);
  requests.push({ token, contract, options });
  const decorate = inject(token) as (target: object, key: undefined, index: number) => void;
  return (target, key, index) => decorate(target, key, index) as never;
}
