import { Button, Loader, Text, Title } from "@mantine/core";
import { IconCloudOff, IconInbox, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { ApiError, messageOf } from "@/api/errors";

import classes from "./states.module.css";

type StateProps = { title: string; text: ReactNode; icon?: ReactNode; tone?: "fail"; action?: ReactNode };

/** There is nothing here; say why, and what to do next. */
export function EmptyState({ title, text, icon, tone, action }: StateProps) {
  return (
    <div className={classes.state}>
      <div className={classes.icon} data-tone={tone} aria-hidden>
        {icon ?? <IconInbox size={22} stroke={1.6} />}
      </div>
      <Title order={2}>{title}</Title>
      <Text size="sm" className={classes.text}>{text}</Text>
      {action && <div className={classes.action}>{action}</div>}
    </div>
  );
}

/** Something could not be loaded: say what, why, and offer to try again. */
export function LoadError({ what, error, onRetry }: { what: string; error: unknown; onRetry: () => void }) {
  const requestId = error instanceof ApiError ? error.details.requestId : undefined;
  return (
    <div role="alert">
      <EmptyState
        tone="fail"
        icon={<IconCloudOff size={22} stroke={1.6} />}
        title={`Could not load ${what}`}
        text={
          <>
            {messageOf(error)}
            {typeof requestId === "string" && <> Request id: <code>{requestId}</code></>}
          </>
        }
        action={<Button size="xs" variant="default" leftSection={<IconRefresh size={14} />} onClick={onRetry}>Try again</Button>}
      />
    </div>
  );
}

/** Something is being loaded. It shows after a moment only: most answers are quicker. */
export function Loading() {
  return (
    <div className={classes.state} role="status" aria-label="Loading">
      <Loader size="sm" type="dots" />
    </div>
  );
}
