import { IconCheck } from "@tabler/icons-react";
import { type ReactNode, useEffect, useId, useRef } from "react";

import classes from "./Step.module.css";

type StepProps = { number: number; title: string; done: boolean; aside?: ReactNode; children: ReactNode };

/** One thing to do, with its number; a tick when it is done. */
export function Step({ number, title, done, aside, children }: StepProps) {
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const wasDone = useRef(done);
  useEffect(() => {
    // The button that did it is gone, and the focus with it.
    if (done && !wasDone.current && document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
    wasDone.current = done;
  }, [done]);
  return (
    <section className={classes.step} data-done={done || undefined} aria-labelledby={id}>
      <span className={classes.mark} aria-hidden>{done ? <IconCheck size={16} stroke={2.4} /> : number}</span>
      <div className={classes.content}>
        <div className={classes.head}>
          <h2 id={id} ref={heading} tabIndex={-1}>{title}</h2>
          {aside}
        </div>
        {children}
      </div>
    </section>
  );
}
