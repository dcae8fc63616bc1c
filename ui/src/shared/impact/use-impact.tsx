import { type ReactNode, useCallback, useRef, useState } from "react";

import { type Attempt, attemptAsking, type Refusal } from "./impact";
import { ImpactDialog } from "./ImpactDialog";

type Impact = {
  /** Makes a change, and asks when agents would fail by it. Rejects when the person goes back. */
  guarded: <T>(attempt: Attempt<T>) => Promise<T>;
  /** To be rendered wherever the change is made. */
  dialog: ReactNode;
};

/** Lets changes of what agents are served ask before they cut agents off (V7). `verb` is what the button says: "Save". */
export function useImpact(verb: string): Impact {
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [opened, setOpened] = useState(false);
  const answer = useRef<(accepted: boolean) => void>(undefined);
  const ask = useCallback((found: Refusal) => {
    setRefusal(found);
    setOpened(true);
    return new Promise<boolean>((resolve) => {
      answer.current = resolve;
    });
  }, []);
  const decide = (accepted: boolean) => {
    setOpened(false);
    answer.current?.(accepted);
  };
  const guarded = useCallback(<T,>(attempt: Attempt<T>) => attemptAsking(attempt, ask), [ask]);
  return { guarded, dialog: <ImpactDialog opened={opened} refusal={refusal} verb={verb} onDecide={decide} /> };
}
