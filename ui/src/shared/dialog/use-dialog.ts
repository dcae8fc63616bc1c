import { useCallback, useRef, useState } from "react";

export type Dialog<T> = {
  opened: boolean;
  /** What the dialog is about; it stays while the dialog fades out. */
  subject: T | null;
  open: (subject: T) => void;
  close: () => void;
};

/** Whether a dialog is open, and about what. When it closes, the keyboard is where it was before. */
export function useDialog<T>(): Dialog<T> {
  const [state, setState] = useState<{ opened: boolean; subject: T | null }>({ opened: false, subject: null });
  const from = useRef<HTMLElement>(null);
  const open = useCallback((subject: T) => {
    from.current = opener();
    setState({ opened: true, subject });
  }, []);
  const close = useCallback(() => {
    setState((before) => ({ ...before, opened: false }));
    setTimeout(() => giveBack(from.current), AFTER_CLOSING_MS);
  }, []);
  return { ...state, open, close };
}

/** The dialog gives up the focus when it has faded out. */
const AFTER_CLOSING_MS = 130;

/** What was pressed to open a dialog: a button, or the one whose menu had the item. The item itself goes with its menu. */
function opener(): HTMLElement | null {
  const active = document.activeElement;
  const menu = active?.closest("[role=menu]");
  const pressed = menu ? document.querySelector(`[aria-controls="${CSS.escape(menu.id)}"]`) : active;
  return pressed instanceof HTMLElement && pressed !== document.body ? pressed : null;
}

/** What was pressed may be gone with the row that it was in: then the page itself has the focus. */
function giveBack(pressed: HTMLElement | null): void {
  const active = document.activeElement;
  if (active !== null && active !== document.body && !active.closest("[role=menu]")) return;
  const target = pressed?.isConnected ? pressed : document.getElementById("main");
  target?.focus({ preventScroll: true });
}
