import type { ServiceDescriptorProtoInit } from "../gen/google/protobuf/descriptor.js";
import type { Definition } from "./embedded-json.js";
import { optionsOf } from "./options.js";

export function serviceDescriptor({ name, json }: Definition): ServiceDescriptorProtoInit {
  return {
    name,
    method: Object.entries(json.methods ?? {}).map(([method, each]) => ({
      name: method,
      inputType: each.requestType,
      outputType: each.responseType,
      clientStreaming: each.requestStream,
      serverStreaming: each.responseStream,
      ...optionsOf(each.options, { deprecated: "deprecated", idempotency_level: "idempotencyLevel" }),
    })),
    ...optionsOf(json.options, { deprecated: "deprecated" }),
  };
}
