import { Text } from "@mantine/core";
import { useEffect } from "react";
import { useBlocker } from "react-router";

import { ConfirmDialog } from "@/shared/dialog/ConfirmDialog";
import { noteUnsavedWork } from "@/shared/lib/unsaved";

/** Asks before unsaved work is left behind: by a link, the Back button, or closing the window. The end of the session keeps it, too. */
export function UnsavedGuard({ dirty }: { dirty: boolean }) {
  const blocker = useBlocker(({ currentLocation, nextLocation }) => dirty && currentLocation.pathname !== nextLocation.pathname);
  useEffect(() => {
    if (!dirty) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    const forget = noteUnsavedWork();
    return () => {
      removeEventListener("beforeunload", ask);
      forget();
    };
  }, [dirty]);
  return (
    <ConfirmDialog
      opened={blocker.state === "blocked"}
      onClose={() => blocker.reset?.()}
      title="Leave without saving?"
      confirm="Leave"
      onConfirm={() => Promise.resolve(blocker.proceed?.())}
    >
      <Text size="sm">Your changes are not saved and would be lost.</Text>
    </ConfirmDialog>
  );
}
