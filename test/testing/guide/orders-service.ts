export { OrdersRepository, OrdersService } from "../shop.js";
