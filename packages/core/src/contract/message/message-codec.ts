import protobuf, { type Type } from "protobufjs";
import { asBuffer, type Codec } from "../codec.js";
import { mayCompile } from "./compile.js";
import { messageCode } from "./message-code.js";
import { reflectedCodec } from "./reflected-codec.js";
import { isSpecialisable } from "./specialisable.js";
import { WireWriter } from "./wire-writer.js";

const codecs = new WeakMap<Type, Codec>();

/** The codec of a message type, of which there is one. */
export function messageCodec(type: Type): Codec {
  let codec = codecs.get(type);
  if (!codec) {
    codec = isSpecialisable(type) && mayCompile() ? specialisedCodec(type) : reflectedCodec(type);
    codecs.set(type, codec);
  }
  return codec;
}

/** Undefined while a message is being written: what it holds may have getters that encode others. */
let idleWriter: WireWriter | undefined = new WireWriter();

/**
 * What the type's own code throws on goes to the reflected codec, whole. So refusals, their errors, and the odd inputs that
 * protobufjs takes are its own.
 */
function specialisedCodec(type: Type): Codec {
  const code = messageCode(type);
  const reflected = reflectedCodec(type);
  return {
    encode(message) {
      if (typeof message !== "object" || message === null || Array.isArray(message))
        return reflected.encode(message);
      const writer = idleWriter ?? new WireWriter();
      idleWriter = undefined;
      try {
        code.write(message, writer, 0);
        return writer.finish();
      } catch {
        return reflected.encode(message);
      } finally {
        writer.reset();
        idleWriter = writer;
      }
    },
    decode(bytes) {
      const buffer = asBuffer(bytes);
      try {
        return code.read(protobuf.Reader.create(buffer), buffer.length, 0);
      } catch {
        return reflected.decode(buffer);
      }
    },
  };
}
