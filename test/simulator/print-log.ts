import { ordersLog } from "./orders-log.js";

process.stdout.write(await ordersLog(Number(process.argv[2])));
