import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

import { compressed } from "./vite/compressed.ts";
import { colorSchemeFirst } from "./vite/color-scheme-first.ts";
import { onlyUsedClasses } from "./vite/only-used-classes.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Few files: a browser asks for six at a time, and with one for each module that two pages share, the first page would wait
 * for more than a hundred. Apart is what the API reference has in common with the interface: it loads nothing else of it.
 */
const groups = [
  { name: "common", test: /node_modules[\\/](@floating-ui[\\/](core|dom|utils)|clsx|tabbable)[\\/]|vite[\\/]preload-helper/, priority: 3 },
  { name: "first", tags: ["$initial" as const], test: /node_modules[\\/](@mantine|react|react-dom)[\\/]|ui[\\/]src[\\/]app[\\/]/, priority: 2 },
  { name: "shared", test: /node_modules[\\/](@mantine|@tabler|@tanstack[\\/]react-query)[\\/]|ui[\\/]src[\\/](shared|features)[\\/]/, minShareCount: 3, priority: 1 },
];

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
    rolldownOptions: {
      input: [here("index.html"), here("reference.html")],
      output: { codeSplitting: { groups } },
    },
  },
  server: {
    proxy: Object.fromEntries(["/api", "/health", "/static"].map((path) => [path, "http://127.0.0.1:8888"])),
  },
});
