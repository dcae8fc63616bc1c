import { lazy, Suspense } from "react";

import { Loading } from "@/shared/parts/states";

import classes from "./Compare.module.css";

const MergeEditor = lazy(() => import("./MergeEditor"));

type CompareProps = { left: string; right: string; leftTitle: string; rightTitle: string };

/** Two texts side by side, with what they are above them. */
export function Compare({ left, right, leftTitle, rightTitle }: CompareProps) {
  return (
    <div className={classes.frame}>
      <div className={classes.titles}>
        <span>{leftTitle}</span>
        <span>{rightTitle}</span>
      </div>
      <div className={classes.text}>
        {left === right ? (
          <p className={classes.same}>The texts are the same.</p>
        ) : (
          <Suspense fallback={<Loading />}><MergeEditor left={left} right={right} /></Suspense>
        )}
      </div>
    </div>
  );
}
