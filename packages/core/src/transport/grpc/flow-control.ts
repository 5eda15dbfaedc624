/**
 * How much the other end may send on a stream, and on a connection, before it has to wait until that was read: HTTP/2's own
 * 64 KiB would stop a lane in the middle of a batch, and many calls of a few KiB. It is also what a stream that nobody
 * reads can hold.
 */
export const windowBytes: number = 256 << 10;
