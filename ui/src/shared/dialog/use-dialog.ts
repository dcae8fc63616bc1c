import { useCallback, useState } from "react";

export type Dialog<T> = {
  opened: boolean;
  /** What the dialog is about; it stays while the dialog fades out. */
  subject: T | null;
  open: (subject: T) => void;
  close: () => void;
};

/** Whether a dialog is open, and about what. */
export function useDialog<T>(): Dialog<T> {
  const [state, setState] = useState<{ opened: boolean; subject: T | null }>({ opened: false, subject: null });
  const open = useCallback((subject: T) => setState({ opened: true, subject }), []);
  const close = useCallback(() => setState((before) => ({ ...before, opened: false })), []);
  return { ...state, open, close };
}
