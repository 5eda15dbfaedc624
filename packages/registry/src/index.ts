export { memoryRegistry } from "./memory/memory-registry.js";
export {
  parseStaticUrl,
  staticRegistry,
  type StaticInstance,
  type StaticTable,
} from "./static/static-registry.js";
export { decodeRecord, encodeRecord, type Decoded } from "./record.js";
export { decodePolicy, encodePolicy, policyFault, type DecodedPolicy } from "./policy.js";
