import type { AnyOrder } from "./side.js";

/** Does what the benchmark says, one order after the other, and answers each. After `stop`, and with the benchmark, it ends. */
export function answerOrders<Order extends AnyOrder>(obey: (order: Order) => Promise<unknown>): void {
  process.on("message", (order: Order) => {
    obey(order).then(
      (answer) => {
        if (!process.connected) return;
        if (order.do === "stop") process.disconnect();
        else process.send!({ answer: answer ?? null });
      },
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  // Nothing outlives the benchmark, which also is the one that hears of Ctrl-C.
  process.on("disconnect", () => setImmediate(() => process.exit()));
  process.on("SIGINT", () => {});
}
