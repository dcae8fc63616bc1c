import postcss from "postcss";
import type { Plugin } from "vite";

const MANTINE_CLASS = /\.(m_[0-9a-f]+)/g;

/**
 * Leaves the styles of Mantine's components away that the interface does not use. Its class names are unique and stand
 * literally in the code of the component, so a selector with one that no script contains can never match.
 */
export function onlyUsedClasses(): Plugin {
  return {
    name: "only-used-classes",
    apply: "build",
    generateBundle(_options, bundle) {
      const files = Object.values(bundle);
      const scripts = files.map((file) => (file.type === "chunk" ? file.code : "")).join("\n");
      const used = new Set(scripts.match(/m_[0-9a-f]+/g));
      const canMatch = (selector: string) => [...selector.matchAll(MANTINE_CLASS)].every(([, name]) => used.has(name!));
      for (const file of files) {
        if (file.type !== "asset" || !file.fileName.endsWith(".css")) continue;
        const root = postcss.parse(file.source.toString());
        root.walkRules((rule) => {
          const kept = rule.selectors.filter(canMatch);
          if (kept.length === 0) rule.remove();
          else if (kept.length < rule.selectors.length) rule.selectors = kept;
        });
        root.walkAtRules((rule) => {
          if (rule.nodes?.length === 0) rule.remove();
        });
        file.source = root.toString();
      }
    },
  };
}
