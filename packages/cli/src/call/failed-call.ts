import {
  BadRequest,
  codeName,
  DebugInfo,
  ErrorInfo,
  Help,
  LocalizedMessage,
  PreconditionFailure,
  QuotaFailure,
  RequestInfo,
  ResourceInfo,
  RetryInfo,
  type Detail,
  type RpcError,
  type ServiceInstance,
} from "@rollcall/core";
import type { DescribedService } from "../contract/contract-source.js";

const standardDetails = [
  BadRequest,
  DebugInfo,
  ErrorInfo,
  Help,
  LocalizedMessage,
  PreconditionFailure,
  QuotaFailure,
  RequestInfo,
  ResourceInfo,
  RetryInfo,
];

/** A call that failed, as `--json` shows it. */
export interface FailedCall {
  readonly method: string;
  /** `not_found` */
  readonly code: string;
  readonly message: string;
  /** A detail that cannot be decoded has its bytes in base64. */
  readonly details: readonly { readonly type: string; readonly value: unknown }[];
  /** The last one that was asked; null when none was. */
  readonly instance: string | null;
}

/** @param asked the instance that was asked last */
export function failedCall(
  error: RpcError,
  method: string,
  service: DescribedService,
  asked: ServiceInstance | undefined,
): FailedCall {
  return {
    method,
    code: codeName(error.code),
    message: error.reason,
    details: error.details.map((detail) => decoded(detail, service)),
    instance: asked ? instanceText(asked) : null,
  };
}

/** For people, without the `error:` before it: a line for the error, one for each detail, one for the instance. */
export function failureText({ method, code, message, details, instance }: FailedCall): string {
  return [
    `${method} [${code}]${message ? `: ${message}` : ""}`,
    ...details.map(({ type, value }) => `  ${type} ${JSON.stringify(value)}`),
    ...(instance === null ? [] : [`  instance ${instance}`]),
  ].join("\n");
}

/** `10.0.0.1:8080 (1.4.0)` */
export function instanceText({ id, address, version }: ServiceInstance): string {
  const name = id === address ? address : `${id} at ${address}`;
  return version ? `${name} (${version})` : name;
}

function decoded(detail: Detail, service: DescribedService): { type: string; value: unknown } {
  const type = detail.typeUrl.slice(detail.typeUrl.lastIndexOf("/") + 1);
  for (const each of standardDetails) {
    const value = each.read(detail);
    if (value !== undefined) return { type, value };
  }
  const format = service.format(type);
  try {
    if (format) return { type, value: format.toJson(format.decode(detail.bytes)) };
  } catch {
    // Its bytes are something else than its name says.
  }
  return { type, value: Buffer.from(detail.bytes).toString("base64") };
}
