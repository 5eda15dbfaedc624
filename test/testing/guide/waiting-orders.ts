export { OrdersService, Waits } from "../../simulator/orders.js";
