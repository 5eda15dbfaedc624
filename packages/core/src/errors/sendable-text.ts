/**
 * How long a status message may be, percent-encoded as it is sent. With the longest details beside it, it fits into the
 * 8 KiB of trailers that peers take by default; past a peer's limit the call would not even end with its code.
 */
const mostEncodedBytes = 2048;

/** What `encodeURI`, by which grpc-js encodes messages, leaves as it is. */
const plain = /^[\w;,/?:@&=+$.!~*'()#-]$/;

/**
 * A status message as it can be sent: no half of a surrogate pair, as slicing text leaves it, and cut where it gets too
 * long, with `...` for the rest.
 */
export function sendableText(text: string): string {
  // A unit of UTF-16 takes 9 bytes at most.
  if (text.length * 9 <= mostEncodedBytes) return text.toWellFormed();
  let bytes = 0;
  let units = 0;
  for (const character of text.slice(0, mostEncodedBytes + 1).toWellFormed()) {
    bytes += plain.test(character) ? 1 : 3 * Buffer.byteLength(character);
    if (bytes > mostEncodedBytes - 3) return `${text.slice(0, units).toWellFormed()}...`;
    units += character.length;
  }
  return text.toWellFormed();
}
