import type protobuf from "protobufjs";
import { refusedIdempotency } from "./checks.js";
import { methodKeys } from "./field-name.js";
import type { MethodModel, ServiceModel } from "./model.js";
import type { References } from "./references.js";

export function linkService(
  fullName: string,
  service: protobuf.Service,
  references: References,
): ServiceModel {
  const around = fullName.slice(0, Math.max(0, fullName.lastIndexOf(".")));
  const keys = methodKeys(service.methodsArray.map(({ name }) => name));
  const methods: MethodModel[] = [];
  for (const method of service.methodsArray) {
    const user = `${fullName}.${method.name}`;
    const request = references.type(method.requestType, around, user, ["message"]);
    const response = references.type(method.responseType, around, user, ["message"]);
    const level: unknown = method.options?.["idempotency_level"];
    const refused = refusedIdempotency(level);
    if (refused) references.refuseAt(user, refused);
    if (!request || !response) continue;
    methods.push({
      name: method.name,
      key: keys.get(method.name) ?? method.name,
      doc: references.doc(user, method.options),
      kind: kindOf(method),
      idempotent: level === "IDEMPOTENT" || level === "NO_SIDE_EFFECTS",
      request,
      response,
    });
  }
  return { fullName, doc: references.doc(fullName, service.options), methods };
}

function kindOf(method: protobuf.Method): MethodModel["kind"] {
  if (method.requestStream) return method.responseStream ? "bidi_streaming" : "client_streaming";
  return method.responseStream ? "server_streaming" : "unary";
}
