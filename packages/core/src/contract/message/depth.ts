import protobuf from "protobufjs";

/** How deep messages may be nested: protobufjs' limit, and protoc's. */
export const maxDepth: number = protobuf.Reader.recursionLimit;
