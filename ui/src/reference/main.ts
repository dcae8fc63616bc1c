import "@fontsource-variable/inter";
import "@scalar/api-reference/style.css";
import "./reference.css";

// The content security policy allows no code from text. Zod, within the reference, tries when it is loaded, and would be
// reported.
Object.assign(globalThis, { __zod_globalConfig: { jitless: true } });
const { createApiReference } = await import("@scalar/api-reference");

/** The API reference at /api/docs: made from this instance's OpenAPI document, and from nothing else. */
createApiReference("#reference", {
  url: "/api/openapi.json",
  theme: "none",
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: "never",
  isEditable: false,
  persistAuth: false,
  documentDownloadType: "json",
  darkMode: document.documentElement.dataset.mantineColorScheme === "dark",
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
  metaData: { title: "API reference · Telegraf Controller" },
});
