import "@/shared/theme/styles";
import "@/shared/lib/nonce";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { keepFocus } from "@/shared/lib/keep-focus";

import { App } from "./App";
import { lookAhead } from "./router";

document.documentElement.dataset.started = "";
keepFocus();
lookAhead();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
