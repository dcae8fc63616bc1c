import { Button, Table, Text } from "@mantine/core";

import type { Invite } from "@/api/types";
import { ConfirmDialog } from "@/shared/dialog/ConfirmDialog";
import { useDialog } from "@/shared/dialog/use-dialog";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { Section } from "@/shared/parts/Section";
import { StatusBadge } from "@/shared/parts/StatusBadge";
import { useCan } from "@/shared/session";

import { useUserActions } from "../queries";
import { roleLabel } from "../roles";

/** Who was asked to join and has not yet. Nothing when nobody was. */
export function PendingInvites({ invites }: { invites: Invite[] }) {
  const can = useCan();
  const dialog = useDialog<Invite>();
  const { withdraw } = useUserActions();
  if (invites.length === 0) return null;
  return (
    <div style={{ marginBottom: 16 }}>
      <Section title="Pending invites">
        <Table.ScrollContainer minWidth={560} type="native">
          <Table aria-label="Pending invites" horizontalSpacing={0}>
            <Table.Tbody>
              {invites.map((invite) => (
                <Table.Tr key={invite.id}>
                  <Table.Td><Text span size="sm" fw={550}>{invite.username}</Text> <Text span size="sm" c="dimmed">{invite.email}</Text></Table.Td>
                  <Table.Td>{roleLabel(invite.role)}</Table.Td>
                  <Table.Td>
                    {invite.expired ? <StatusBadge tone="fail">Expired</StatusBadge> : <>ends <RelativeTime at={invite.expiresAt} /></>}
                  </Table.Td>
                  <Table.Td c="dimmed">by {invite.createdBy} <RelativeTime at={invite.createdAt} /></Table.Td>
                  <Table.Td ta="right">
                    {can("invites:delete") && (
                      <Button size="compact-xs" variant="default" onClick={() => dialog.open(invite)}>
                        {invite.expired ? "Remove" : "Take back"}
                      </Button>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
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
