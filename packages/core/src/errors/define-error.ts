import { Code, codeOf } from "../code.js";
import { ConfigError, RpcError, type RpcErrorOptions } from "../errors.js";
import { errorInfo, ErrorInfo } from "./details.js";

/** An error that callers can tell from others, for `defineError`. */
export interface ErrorDeclaration<Key extends string = string> {
  /** What kind of error it is, unique within its domain: `OUT_OF_STOCK`. */
  readonly reason: string;
  /** Who defines the reason: `shop.example`. */
  readonly domain: string;
  /** The gRPC status it ends a call with. */
  readonly code: Code;
  /** The names of what it says beside its message, `shelf?` for one that may be missing: `["sku", "shelf?"]`. Default none. */
  readonly metadata?: readonly Key[] | undefined;
}

type Required<Key extends string> = Key extends `${string}?` ? never : Key;
type Optional<Key extends string> = Key extends `${infer Name}?` ? Name : never;

/** The metadata of a declared error: strings by name, as ErrorInfo has them. */
export type ErrorMetadata<Key extends string> = { readonly [K in Required<Key>]: string } & {
  readonly [K in Optional<Key>]?: string | undefined;
};

/** A declared error, thrown here or received from a server. */
export interface DeclaredError<Key extends string> extends RpcError {
  readonly metadata: ErrorMetadata<Key>;
}

type Given<Key extends string> = [Key] extends [never]
  ? [metadata?: Readonly<Record<string, never>>, options?: DeclaredErrorOptions]
  : [Required<Key>] extends [never]
    ? [metadata?: ErrorMetadata<Key>, options?: DeclaredErrorOptions]
    : [metadata: ErrorMetadata<Key>, options?: DeclaredErrorOptions];

/** What an error may have beside its metadata. `details` come after its ErrorInfo. */
export type DeclaredErrorOptions = Pick<RpcErrorOptions, "details" | "trailer" | "cause">;

/** An error of one's own that both sides know: `new` to throw it, `is` to recognise it, here and over the wire. */
export interface DeclaredErrorType<Key extends string> {
  new (message: string, ...given: Given<Key>): DeclaredError<Key>;
  readonly reason: string;
  readonly domain: string;
  readonly code: Code;
  /**
   * Whether it is this error, thrown here or received: its reason and domain are the declared ones, and no metadata that
   * has to be there is missing. `error instanceof OutOfStock` asks the same.
   */
  is(error: unknown): error is DeclaredError<Key>;
  [Symbol.hasInstance](error: unknown): error is DeclaredError<Key>;
}

/**
 * Declares an error that crosses the wire by its reason. The declaration belongs into code that both sides import:
 * ```ts
 * export const OutOfStock = defineError({
 *   reason: "OUT_OF_STOCK",
 *   domain: "shop.example",
 *   code: Code.FailedPrecondition,
 *   metadata: ["sku"],
 * });
 * throw new OutOfStock("no more of it", { sku }); // in a handler
 * if (OutOfStock.is(error)) order(error.metadata.sku); // in a caller
 * ```
 * Sent as a google.rpc.ErrorInfo, so callers in other languages recognise it too.
 * @throws ConfigError for a reason, domain, code or name that ErrorInfo does not allow
 */
export function defineError<const Key extends string = never>(
  declaration: ErrorDeclaration<Key>,
): DeclaredErrorType<Key> {
  check(declaration);
  const { reason, domain, code } = declaration;
  const required = (declaration.metadata ?? []).filter((name) => !name.endsWith("?"));
  const is = (error: unknown): error is DeclaredError<Key> => {
    if (!RpcError.is(error)) return false;
    const info = error.detail(ErrorInfo);
    return (
      info?.reason === reason &&
      info.domain === domain &&
      required.every((name) => Object.hasOwn(info.metadata, name))
    );
  };
  class Declared extends RpcError {
    static readonly reason = reason;
    static readonly domain = domain;
    static readonly code = code;
    static override is = is;

    constructor(
      message: string,
      metadata: Readonly<Record<string, unknown>> = {},
      options: DeclaredErrorOptions = {},
    ) {
      const info = errorInfo({ reason, domain, metadata: textsOf(metadata) });
      super(code, message, { ...options, details: [info, ...(options.details ?? [])] });
    }

    static override [Symbol.hasInstance](this: unknown, error: unknown): boolean {
      // A class that extends this one adds what received errors do not have.
      return this === Declared ? is(error) : Function.prototype[Symbol.hasInstance].call(this, error);
    }
  }
  return Declared as unknown as DeclaredErrorType<Key>;
}

/** Without types a value may be anything; one that is not there is left out. */
function textsOf(metadata: Readonly<Record<string, unknown>>): Record<string, string> {
  const present = Object.entries(metadata).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(present.map(([name, value]) => [name, String(value)]));
}

/** The rules of google.rpc.ErrorInfo. */
function check({ reason, domain, code, metadata = [] }: ErrorDeclaration): void {
  const refuse = (what: string, value: unknown, allowed: string): never => {
    throw new ConfigError(`error ${what} is ${JSON.stringify(value)}; allowed: ${allowed}`);
  };
  if (typeof reason !== "string" || reason.length > 63 || !/^[A-Z][A-Z0-9_]+[A-Z0-9]$/.test(reason))
    refuse("reason", reason, "up to 63 characters as in OUT_OF_STOCK");
  if (typeof domain !== "string" || domain.length > 253 || !/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(domain))
    refuse("domain", domain, "a name as in shop.example");
  if (code === Code.Ok || codeOf(code) !== code) refuse("code", code, "a Code other than Ok");
  for (const name of metadata)
    if (typeof name !== "string" || !/^[a-z][\w-]{0,63}\??$/i.test(name))
      refuse("metadata", name, "up to 64 letters, digits, - and _; a ? after it when it may be missing");
  if (new Set(metadata.map((name) => name.replace(/\?$/, ""))).size < metadata.length)
    refuse("metadata", metadata, "each name once");
}
