export { roundRobin } from "./round-robin.js";
export { weightedRoundRobin } from "./weighted-round-robin.js";
export { balancerByName, balancers } from "./balancers.js";
