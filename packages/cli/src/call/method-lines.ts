import { isRequestStream, isResponseStream } from "@rollcall/core";
import type { DescribedMethod, DescribedService } from "../contract/contract-source.js";
import type { Paint } from "../output/paint.js";
import { printable, printableLines } from "../output/printable.js";
import { table } from "../output/table.js";
import { protoText } from "./proto-text.js";
import { templateOf } from "./template.js";

/** A method as `--json` shows it. */
export interface MethodView {
  readonly method: string;
  readonly kind: string;
  readonly idempotent: boolean;
  readonly deprecated: boolean;
  readonly request: string;
  readonly response: string;
}

export function methodView(service: DescribedService, method: DescribedMethod): MethodView {
  const { contract, deprecated, request, response } = method;
  return {
    method: `${service.name}/${method.name}`,
    kind: contract.kind,
    idempotent: contract.idempotent,
    deprecated,
    request: request.typeName,
    response: response.typeName,
  };
}

/** The methods of a service, one a line. */
export function methodLines(service: DescribedService, paint: Paint): readonly string[] {
  if (service.methods.length === 0) return [`${printable(service.name)} has no methods`];
  const columns = ["method", "kind", "request", "response", ""].map((title) => ({ title }));
  const rows = service.methods.map((method) => [
    method.name,
    method.contract.kind.replace("_", " "),
    method.request.typeName,
    method.response.typeName,
    notesOf(method).join(", "),
  ]);
  return [paint("bold", printable(service.name)), ...table(columns, rows, paint)];
}

/** A method with all types that it refers to, and a request to be filled in. */
export function describeLines(
  service: DescribedService,
  method: DescribedMethod,
  paint: Paint,
): readonly string[] {
  const { contract, request, response } = method;
  const side = (stream: boolean, type: string): string => `${stream ? "stream " : ""}${type}`;
  const types = protoText([request.descriptor, response.descriptor]);
  const rpc = `rpc ${method.name}(${side(isRequestStream(contract), request.typeName)}) returns (${side(isResponseStream(contract), response.typeName)})`;
  const notes = notesOf(method);
  return [
    paint("bold", printable(`${service.name}/${method.name}`)),
    printable(notes.length > 0 ? `${rpc}  // ${notes.join(", ")}` : rpc),
    ...types.flatMap((type) => ["", printableLines(type)]),
    "",
    paint("dim", "request as JSON"),
    printableLines(JSON.stringify(templateOf(request.descriptor), undefined, 2)),
  ];
}

/** As `describeLines`, for `--json`. */
export function methodDescription(service: DescribedService, method: DescribedMethod): object {
  const { request, response } = method;
  return {
    ...methodView(service, method),
    types: protoText([request.descriptor, response.descriptor]),
    template: templateOf(request.descriptor),
  };
}

function notesOf({ contract, deprecated }: DescribedMethod): readonly string[] {
  return [...(contract.idempotent ? ["safe to repeat"] : []), ...(deprecated ? ["deprecated"] : [])];
}
