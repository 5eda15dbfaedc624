import { createClient } from "@rollcall/app";
import { keepStream, receiptInterceptor, runCaller } from "@rollcall/testing/fleet";
import { Orders } from "./gen/demo/v1/orders.js";

const streams = 3;
const ratePerSecond = Number(process.env["DEMO_RATE"] ?? 500);

await using orders = createClient(Orders, { interceptors: [receiptInterceptor] });

await runCaller({
  ratePerSecond,
  async call(n, { step }) {
    // A call that may not run twice and was in the hands of a process that is killed has no right answer, so none is
    // made then. SIGTERM is another matter: there they go on.
    if (n % 20 === 0 && step !== "kill")
      return await orders.place({ article: "a book", callId: `place-${n}` });
    // Every hundredth is for an order that does not exist: an error of the application, not of the fleet.
    return await orders.get({ id: n % 100 === 1 ? "" : `${n}`, callId: `get-${n}` });
  },
  beside: (recorder, signal) =>
    Promise.all(
      Array.from({ length: streams }, () =>
        keepStream({
          recorder,
          signal,
          open: (_notes, signal) => orders.watch({}, { signal, reopen: "always" }),
        }),
      ),
    ),
});
process.disconnect();
