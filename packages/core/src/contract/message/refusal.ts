/**
 * Thrown by a type's own code on all that the general path has to judge. It never leaves the codec, so there is one for all,
 * which costs hostile bytes no stack trace.
 */
export const refusal: Error = new Error();

export function refuse(): never {
  throw refusal;
}
