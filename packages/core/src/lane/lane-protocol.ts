/** What an instance's record, and a hello, say in `features` when calls can be carried over the link. */
export const laneFeature = "lane";

/** The version of the layout of batches; docs/lane.md describes it. */
export const laneVersion = 1;

/** What a batch of frames begins with, where a frame stands. */
export const FrameKind = { Call: 1, Reply: 2, Error: 3, Cancel: 4, Part: 5 } as const;

/** Of a frame: its kind, and the length of what follows in four bytes. */
export const frameHeaderBytes = 5;

/** What both ends of a lane hold to, whatever the other says. */
export interface LaneLimits {
  /** Calls without an answer on one lane. */
  readonly maxCalls: number;
  /** Longer requests go plain, and so do not stand in the way of others. */
  readonly maxRequestBytes: number;
  /** Longer answers are sent in parts of this size, in turns with each other and behind shorter ones. */
  readonly partBytes: number;
  /** The longest answer that a caller takes. */
  readonly maxResponseBytes: number;
  /** Of a request's metadata; requests with more go plain. */
  readonly maxMetadataPairs: number;
  readonly maxMetadataBytes: number;
  /** Of an answer's header, and as much of its trailer: what clients made with Node take over HTTP/2. */
  readonly maxAnswerMetadataPairs: number;
  readonly maxAnswerMetadataBytes: number;
  /** Of an error's reason. */
  readonly maxReasonBytes: number;
  /** Methods that a server tells of; calls of the others go plain. */
  readonly maxMethods: number;
  /** A batch is handed on when it has come to this length, full turn or not. */
  readonly batchBytes: number;
  /** The longest batch that a peer takes: that, and the longest frame behind it. */
  readonly maxBatchBytes: number;
  /** Calls that wait to be sent: further ones go plain. */
  readonly maxWaitingRequestBytes: number;
  /** Answers that wait to be sent: the server reads no more then. */
  readonly maxWaitingResponseBytes: number;
}

export const laneLimits: LaneLimits = {
  // Half of what a server takes from all its callers unless it is told otherwise.
  maxCalls: 2_048,
  maxRequestBytes: 64 << 10,
  partBytes: 32 << 10,
  // grpc-js' limit of a received message.
  maxResponseBytes: 4 << 20,
  maxMetadataPairs: 64,
  maxMetadataBytes: 8 << 10,
  maxAnswerMetadataPairs: 128,
  maxAnswerMetadataBytes: 64 << 10,
  maxReasonBytes: 8 << 10,
  maxMethods: 4_096,
  batchBytes: 128 << 10,
  maxBatchBytes: 512 << 10,
  // 2,000 requests of 4 KiB. The bytes are the caller's own, and would wait with it if they went plain.
  maxWaitingRequestBytes: 8 << 20,
  maxWaitingResponseBytes: 1 << 20,
};

/** What the other end has sent is not what the protocol allows; the message says what. It ends the lane. */
export class LaneViolation extends Error {
  override readonly name = "LaneViolation";
}
