import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

import { compressed } from "./vite/compressed.ts";
import { colorSchemeFirst } from "./vite/color-scheme-first.ts";
import { onlyUsedClasses } from "./vite/only-used-classes.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [react(), colorSchemeFirst(here("vite/color-scheme.js")), onlyUsedClasses(), compressed()],
  resolve: { alias: { "@": here("src") } },
  build: {
    outDir: here("../src/telegraf_controller/web/ui_dist"),
    emptyOutDir: true,
    // An inlined file would be a data: address, which the content security policy allows for images only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    // The API reference is large, and a page of its own.
    chunkSizeWarningLimit: 1500,
    rollupOptions: { input: [here("index.html"), here("reference.html")] },
  },
  server: {
    proxy: Object.fromEntries(["/api", "/health", "/static"].map((path) => [path, "http://127.0.0.1:8888"])),
  },
});
