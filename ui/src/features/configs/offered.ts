export { TomlView } from "./editor/TomlView";
