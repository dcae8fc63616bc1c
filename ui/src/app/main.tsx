import "@/shared/theme/styles";
import "@/shared/lib/nonce";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./App";

document.documentElement.dataset.started = "";
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
