export { TomlView } from "./editor/TomlView";
export { firstConfiguration } from "./template";
export { TOKEN_PLACEHOLDER } from "./use/command";
export { CommandFields } from "./use/CommandFields";
export { ShellSwitch } from "./use/ShellSwitch";
export type { Served } from "./use/served";
export { useCommand } from "./use/use-command";
export { UseDialog } from "./use/UseDialog";
