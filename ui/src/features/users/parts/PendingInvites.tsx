import { Button, Text } from "@mantine/core";

import type { Invite } from "@/api/types";
import { ConfirmDialog } from "@/shared/dialog/ConfirmDialog";
import { useDialog } from "@/shared/dialog/use-dialog";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { Section } from "@/shared/parts/Section";
import { StatusBadge } from "@/shared/parts/StatusBadge";
import { WhenAndWho } from "@/shared/parts/WhenAndWho";
import { useCan } from "@/shared/session";
import { type SmallColumn, SmallTable } from "@/shared/table/SmallTable";

import { useUserActions } from "../queries";
import { roleLabel } from "../roles";

const COLUMNS: SmallColumn<Invite>[] = [
  { key: "who", header: "Username", cell: (invite) => <Text span size="sm" fw={550}>{invite.username}</Text> },
  { key: "email", header: "E-mail", cell: (invite) => invite.email },
  { key: "role", header: "Role", cell: (invite) => roleLabel(invite.role) },
  { key: "ends", header: "Ends", cell: (invite) => invite.expired ? <StatusBadge tone="fail">Expired</StatusBadge> : <RelativeTime at={invite.expiresAt} /> },
  { key: "invited", header: "Invited", cell: (invite) => <WhenAndWho at={invite.createdAt} by={invite.createdBy} /> },
];

/** Who was asked to join and has not yet. Nothing when nobody was. */
export function PendingInvites({ invites }: { invites: Invite[] }) {
  const can = useCan();
  const dialog = useDialog<Invite>();
  const { withdraw } = useUserActions();
  if (invites.length === 0) return null;
  return (
    <div style={{ marginBottom: 16 }}>
      <Section title="Pending invites">
        <SmallTable
          label="Pending invites"
          rows={invites}
          columns={COLUMNS}
          rowKey={(invite) => invite.id}
          rowName={(invite) => invite.username}
          rowMenu={can("invites:delete") ? (invite) => (
            <Button size="compact-xs" variant="default" aria-label={`Take back the invite of ${invite.username}`} onClick={() => dialog.open(invite)}>
              {invite.expired ? "Remove" : "Take back"}
            </Button>
          ) : undefined}
        />
      </Section>
      <ConfirmDialog
        opened={dialog.opened}
        onClose={dialog.close}
        title="Take the invite back?"
        confirm="Take back"
        onConfirm={() => withdraw.mutateAsync(dialog.subject!.id)}
      >
        <Text size="sm">The link for <strong>{dialog.subject?.username}</strong> ({dialog.subject?.email}) stops working.</Text>
      </ConfirmDialog>
    </div>
  );
}
