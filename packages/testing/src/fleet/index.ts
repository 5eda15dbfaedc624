export {
  startFleet,
  type Fleet,
  type FleetOptions,
  type Member,
  type MemberStart,
  type RestartOptions,
} from "./fleet.js";
export {
  FleetProcess,
  exitText,
  type Exit,
  type ProcessCommand,
  type ProcessOptions,
  type ProcessState,
  type ServingMessage,
} from "./process.js";
export { runCaller, type CallerOptions, type ProgressMessage, type ReceiptMessage } from "./caller.js";
export { startCaller, type CallerProcess, type StartCallerOptions } from "./caller-process.js";
export { openLoop, type OpenLoopOptions, type OpenLoopResult, type Shot } from "./open-loop.js";
export {
  keepStream,
  recordedLoop,
  type CallNotes,
  type KeepStreamOptions,
  type RecordedLoopOptions,
  type StreamNotes,
} from "./recorded-loop.js";
export type { ReceiptData } from "./receipt-parts.js";
export { receiptInterceptor } from "./receipt-interceptor.js";
export { classifyError } from "./classify.js";
export {
  createReceipt,
  type CallRecord,
  type ReceiptRecorder,
  type StreamRecord,
} from "./receipt-recorder.js";
export { noInstance, type Dropped, type InstanceReceipt, type Receipt, type StepReceipt } from "./receipt.js";
export type { CallOutcome, StreamEvent, StreamTally, Tally } from "./tally.js";
export { formatReceipt, type FormatOptions } from "./format-receipt.js";
export { createLiveTable, type LiveRow, type LiveTable, type LiveTableOptions } from "./live-table.js";
export { liveRows, type LiveRowsOptions } from "./live-rows.js";
export {
  createServedLedger,
  createServedReporter,
  type ServedLedger,
  type ServedReporter,
} from "./served-ledger.js";
export { interruptSignal } from "./interrupt.js";
