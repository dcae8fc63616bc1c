export { AgentsOf } from "./parts/AgentsOf";
