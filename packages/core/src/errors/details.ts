import * as rpc from "../gen/google/rpc/error_details.js";
import { defineDetail, type Detail, type DetailType } from "./detail-type.js";

/** What kind of error it is; `defineError` puts it there. */
export type ErrorInfo = rpc.ErrorInfo;
export const ErrorInfo: DetailType<rpc.ErrorInfo, rpc.ErrorInfoInit> = standard("ErrorInfo");

/** When the call may be repeated. */
export type RetryInfo = rpc.RetryInfo;
export const RetryInfo: DetailType<rpc.RetryInfo, rpc.RetryInfoInit> = standard("RetryInfo");

/** For those who debug the server. Never sent unless a handler puts it there. */
export type DebugInfo = rpc.DebugInfo;
export const DebugInfo: DetailType<rpc.DebugInfo, rpc.DebugInfoInit> = standard("DebugInfo");

/** Which quota was exceeded. */
export type QuotaFailure = rpc.QuotaFailure;
export const QuotaFailure: DetailType<rpc.QuotaFailure, rpc.QuotaFailureInit> = standard("QuotaFailure");

/** What has to be true before the call can succeed. */
export type PreconditionFailure = rpc.PreconditionFailure;
export const PreconditionFailure: DetailType<rpc.PreconditionFailure, rpc.PreconditionFailureInit> =
  standard("PreconditionFailure");

/** What is wrong in the request. */
export type BadRequest = rpc.BadRequest;
export const BadRequest: DetailType<rpc.BadRequest, rpc.BadRequestInit> = standard("BadRequest");

/** By what the server's side can find the request. */
export type RequestInfo = rpc.RequestInfo;
export const RequestInfo: DetailType<rpc.RequestInfo, rpc.RequestInfoInit> = standard("RequestInfo");

/** Which resource was meant. */
export type ResourceInfo = rpc.ResourceInfo;
export const ResourceInfo: DetailType<rpc.ResourceInfo, rpc.ResourceInfoInit> = standard("ResourceInfo");

/** Where to read on. */
export type Help = rpc.Help;
export const Help: DetailType<rpc.Help, rpc.HelpInit> = standard("Help");

/** A message for the end user. */
export type LocalizedMessage = rpc.LocalizedMessage;
export const LocalizedMessage: DetailType<rpc.LocalizedMessage, rpc.LocalizedMessageInit> =
  standard("LocalizedMessage");

/** `badRequest([{ field: "id", description: "is empty" }])` */
export function badRequest(fieldViolations: readonly rpc.BadRequest_FieldViolationInit[]): Detail {
  return BadRequest.create({ fieldViolations });
}

/**
 * When the caller may try again.
 * @param delayMs the least time to wait before another attempt; what is no number from 0 counts as 0
 */
export function retryInfo(delayMs: number): Detail {
  const ms = delayMs > 0 ? Math.min(Math.ceil(delayMs), longestDelayMs) : 0;
  return RetryInfo.create({ retryDelay: { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 } });
}

/** How long a `RetryInfo` asks to wait, in milliseconds; 0 when it does not say, and never negative. */
export function retryDelayMs({ retryDelay }: RetryInfo): number {
  if (!retryDelay) return 0;
  return Math.max(0, Number(retryDelay.seconds) * 1000 + retryDelay.nanos / 1_000_000);
}

/** What `defineError` adds by itself; for errors that are declared nowhere. */
export function errorInfo(info: rpc.ErrorInfoInit): Detail {
  return ErrorInfo.create(info);
}

/** `preconditionFailure([{ type: "TERMS", subject: "user:1", description: "not accepted" }])` */
export function preconditionFailure(violations: readonly rpc.PreconditionFailure_ViolationInit[]): Detail {
  return PreconditionFailure.create({ violations });
}

/** `quotaFailure([{ subject: "project:1", description: "1000 orders a day" }])` */
export function quotaFailure(violations: readonly rpc.QuotaFailure_ViolationInit[]): Detail {
  return QuotaFailure.create({ violations });
}

/** `resourceInfo({ resourceType: "shop.v1.Order", resourceName: "orders/1" })` */
export function resourceInfo(resource: rpc.ResourceInfoInit): Detail {
  return ResourceInfo.create(resource);
}

/**
 * What names this request when somebody asks about it.
 * @param servingData for the server's side only, best encrypted
 */
export function requestInfo(requestId: string, servingData = ""): Detail {
  return RequestInfo.create({ requestId, servingData });
}

/** `help([{ description: "how to ask for more", url: "https://shop.example/quota" }])` */
export function help(links: readonly rpc.Help_LinkInit[]): Detail {
  return Help.create({ links });
}

/**
 * The message for the person in front, in their language.
 * @param locale as BCP 47 writes it: `is-IS`
 */
export function localizedMessage(locale: string, message: string): Detail {
  return LocalizedMessage.create({ locale, message });
}

/** Shows callers what is inside of the server: for those who may see that. */
export function debugInfo(info: rpc.DebugInfoInit): Detail {
  return DebugInfo.create(info);
}

/** What a google.protobuf.Duration can hold. */
const longestDelayMs = 315_576_000_000_000;

function standard<Message extends object, Init extends object>(name: string): DetailType<Message, Init> {
  return defineDetail(rpc.file, `google.rpc.${name}`);
}
