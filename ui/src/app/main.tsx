import "@/shared/theme/styles";
import "@/shared/lib/nonce";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { keepFocus } from "@/shared/lib/keep-focus";

import { App } from "./App";

document.documentElement.dataset.started = "";
keepFocus();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
