import { readFileSync } from "node:fs";

import type { Plugin } from "vite";

/** Puts a script of its own, blocking and with a hashed name, at the top of the page: inline scripts are not allowed. */
export function colorSchemeFirst(path: string): Plugin {
  let reference = "";
  return {
    name: "color-scheme-first",
    apply: "build",
    buildStart() {
      reference = this.emitFile({ type: "asset", name: "color-scheme.js", source: readFileSync(path) });
    },
    transformIndexHtml: {
      order: "post",
      handler(_html, { bundle }) {
        const asset = Object.values(bundle ?? {}).find((one) => one.type === "asset" && one.names.includes("color-scheme.js"));
        if (!asset || !reference) throw new Error("the colour scheme's script was not emitted");
        return [{ tag: "script", attrs: { src: `/${asset.fileName}` }, injectTo: "head-prepend" }];
      },
    },
  };
}
