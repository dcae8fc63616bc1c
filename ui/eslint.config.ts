import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import { type Config, defineConfig } from "eslint/config";
import { readdirSync } from "node:fs";
import typescript from "typescript-eslint";

const rooms = readdirSync(new URL("src/features", import.meta.url));

/** Imports flow api → shared → features → app. Of another room, a room knows the queries and the parts it offers. */
const importRules = [
  forbid("src/api/**", ["^@/(shared|features|app)/"], "api/ knows nothing of the interface."),
  forbid("src/shared/**", ["^@/(features|app)/"], "shared/ knows no room."),
  ...rooms.map((room) =>
    forbid(
      `src/features/${room}/**`,
      ["^@/app/", `^@/features/(?!${room}/)[^/]+/(?!(queries|offered)$)`],
      "A room knows the queries.ts and offered.ts of another, and nothing else of it.",
    ),
  ),
];

export default defineConfig(
  { ignores: ["src/api/schema.ts", "vite/color-scheme.js"] },
  js.configs.recommended,
  typescript.configs.strictTypeChecked,
  hooks.configs.flat.recommended,
  {
    languageOptions: {
      parserOptions: { project: ["tsconfig.json", "tsconfig.node.json"], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/consistent-type-definitions": "off",
    },
  },
  ...importRules,
);

function forbid(files: string, patterns: string[], message: string): Config {
  return {
    files: [files],
    rules: {
      "no-restricted-imports": ["error", { patterns: patterns.map((regex) => ({ regex, message })) }],
    },
  };
}
