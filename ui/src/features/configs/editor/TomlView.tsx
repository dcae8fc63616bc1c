import { lazy, Suspense } from "react";

import { Loading } from "@/shared/parts/states";

import classes from "./Compare.module.css";

const TomlEditor = lazy(() => import("./TomlEditor"));

/** A text to read. Give it the text as `key` too: the editor begins anew with another one. */
export function TomlView({ text, label }: { text: string; label: string }) {
  return (
    <div className={classes.frame}>
      <div className={classes.text}>
        <Suspense fallback={<Loading />}><TomlEditor start={text} label={label} readOnly /></Suspense>
      </div>
    </div>
  );
}
