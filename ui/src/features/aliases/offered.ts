export { Aliases } from "./parts/Aliases";
