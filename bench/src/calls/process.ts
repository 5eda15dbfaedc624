import { answerOrders } from "../processes/answer-orders.js";
import { loadKind } from "./kinds/index.js";
import type { Caller, Served } from "./kind.js";
import { load } from "./load.js";
import type { Order, Usage } from "./messages.js";

// One side of one kind. Orders come one at a time, each is answered.

let served: Served | undefined;
let caller: Caller | undefined;

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case "start": {
      const kind = await loadKind(order.kind);
      if (order.address === undefined) served = await kind.serve(order);
      else caller = await kind.connect(order.address, order);
      return served?.address;
    }
    case "load":
      return load(caller!, order.concurrency, order.bytes, order.ms);
    case "usage": {
      const { user, system } = process.cpuUsage();
      const usage: Usage = { cpuUs: user + system, peakRssBytes: process.resourceUsage().maxRSS * 1024 };
      return usage;
    }
    case "stop":
      await caller?.close();
      await served?.close();
      break;
    default:
      throw new Error("no such order");
  }
  return undefined;
}

answerOrders(obey);
