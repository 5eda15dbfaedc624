/** What vitest hands to a test function. */
export interface VitestTest {
  onTestFailed(told: () => void): unknown;
  onTestFinished(done: () => Promise<void>): unknown;
}

/** What node:test hands to a test function. */
export interface NodeTest {
  after(done: () => Promise<void>): unknown;
  diagnostic(message: string): void;
  /** Set when the test has failed. */
  readonly error?: unknown;
}

/** The test that something belongs to, as its runner describes it. */
export type RunningTest = VitestTest | NodeTest;

/** Says `note` if the test fails, and runs `stop` when it is over. */
export function followTest(test: RunningTest, note: string, stop: () => Promise<void>): void {
  if ("onTestFinished" in test) {
    test.onTestFailed(() => console.error(note));
    test.onTestFinished(stop);
    return;
  }
  test.after(async () => {
    if (test.error !== undefined && test.error !== null) test.diagnostic(note);
    await stop();
  });
}
