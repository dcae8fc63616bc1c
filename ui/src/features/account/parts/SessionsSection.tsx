import { Button, Pagination, Skeleton, Text, Tooltip } from "@mantine/core";
import { IconDeviceDesktop, IconDeviceMobile } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { Session } from "@/api/types";
import { ConfirmDialog } from "@/shared/dialog/ConfirmDialog";
import { useDialog } from "@/shared/dialog/use-dialog";
import { browserName, isHandheld } from "@/shared/lib/browsers";
import { notifyDone, notifyFailed } from "@/shared/lib/notify";
import { counted } from "@/shared/lib/numbers";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { Section } from "@/shared/parts/Section";
import { StatusBadge } from "@/shared/parts/StatusBadge";
import { LoadError } from "@/shared/parts/states";

import { SESSIONS_PER_PAGE, sessionsQuery, useAccountActions } from "../queries";
import classes from "./SessionsSection.module.css";

/** Where somebody is signed in; what is not theirs any more is signed out here (U8). */
export function SessionsSection() {
  const [page, setPage] = useState(1);
  const sessions = useQuery(sessionsQuery(page));
  const { endOtherSessions } = useAccountActions();
  const all = useDialog<true>();
  const total = sessions.data?.total ?? 0;
  const pages = Math.ceil(total / SESSIONS_PER_PAGE);
  return (
    <Section
      title="Sessions"
      lead="Where you are signed in. A session ends after 12 hours without use, and after 7 days in any case."
      actions={total > 1 && <Button size="xs" variant="default" onClick={() => all.open(true)}>Sign out everywhere else…</Button>}
    >
      {sessions.isError && !sessions.data ? (
        <LoadError what="your sessions" error={sessions.error} onRetry={() => void sessions.refetch()} />
      ) : sessions.data ? (
        <ul className={classes.list} aria-label="Sessions">
          {sessions.data.items.map((session) => <SessionRow key={session.id} session={session} />)}
        </ul>
      ) : (
        <Skeleton height={42} />
      )}
      {pages > 1 && <Pagination size="sm" mt="sm" total={pages} value={page} onChange={setPage} />}
      <ConfirmDialog
        opened={all.opened}
        onClose={all.close}
        title="Sign out everywhere else?"
        confirm="Sign out"
        onConfirm={async () => {
          await endOtherSessions.mutateAsync();
          setPage(1);
          notifyDone("You are signed out everywhere else.");
        }}
      >
        <Text size="sm"><strong>{counted(total - 1, "session")}</strong> {total === 2 ? "ends" : "end"} at once. This one stays. API tokens go on working.</Text>
      </ConfirmDialog>
    </Section>
  );
}

function SessionRow({ session }: { session: Session }) {
  const { endSession } = useAccountActions();
  const Device = isHandheld(session.userAgent) ? IconDeviceMobile : IconDeviceDesktop;
  const name = browserName(session.userAgent);
  const end = () =>
    endSession.mutate(session.id, {
      onSuccess: () => notifyDone(`${name} is signed out.`),
      onError: (error) => notifyFailed("Could not sign out", error),
    });
  return (
    <li className={classes.session}>
      <Device className={classes.icon} size={20} stroke={1.5} aria-hidden />
      <div className={classes.what}>
        <div className={classes.name}>
          <Tooltip label={session.userAgent} multiline maw={420}><span>{name}</span></Tooltip>
          {session.current && <StatusBadge tone="ok">This session</StatusBadge>}
        </div>
        <div className={classes.about}>
          {session.address} · signed in <RelativeTime at={session.createdAt} />
          {!session.current && <> · last used <RelativeTime at={session.lastSeenAt} /></>} · ends <RelativeTime at={session.expiresAt} />
        </div>
      </div>
      {!session.current && (
        <Button size="compact-sm" variant="default" loading={endSession.isPending} aria-label={`Sign out ${name}`} onClick={end}>Sign out</Button>
      )}
    </li>
  );
}
