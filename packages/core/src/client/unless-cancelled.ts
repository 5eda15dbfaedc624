import type { Interceptor } from "../call/call.js";

/**
 * Around the interceptors of others: ends a call that was cancelled when one of them does not heed it. Those who do heed it
 * get a turn first: they may know better why the call failed.
 */
export const unlessCancelled: Interceptor = (next) => (call) =>
  new Promise((resolve, reject) => {
    const uncancel = call.onCancel((reason) => setImmediate(reject, reason));
    next(call).then(
      (reply) => {
        uncancel();
        resolve(reply);
      },
      (error: unknown) => {
        uncancel();
        reject(error);
      },
    );
  });
