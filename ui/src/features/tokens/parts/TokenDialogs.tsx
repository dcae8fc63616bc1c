import { Text } from "@mantine/core";

import type { Token } from "@/api/types";
import { Affected } from "@/shared/dialog/Affected";
import { ConfirmDialog } from "@/shared/dialog/ConfirmDialog";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { useDialog } from "@/shared/dialog/use-dialog";
import { notifyBulk, notifyDone } from "@/shared/lib/notify";

import { useTokenActions } from "../queries";
import { ReassignDialog } from "./ReassignDialog";
import { RotateDialog } from "./RotateDialog";

/** What can be asked about tokens: one or many are revoked, reassigned, deleted in the same dialogs. */
export type TokenDialogsState = {
  revoke: Dialog<Token[]>;
  remove: Dialog<Token[]>;
  reassign: Dialog<Token[]>;
  rotate: Dialog<Token>;
};

export function useTokenDialogs(): TokenDialogsState {
  return { revoke: useDialog(), remove: useDialog(), reassign: useDialog(), rotate: useDialog() };
}

/** `onDone` is called with what was done, when it was. */
export function TokenDialogs({ dialogs, onDone }: { dialogs: TokenDialogsState; onDone?: (did: "revoke" | "remove" | "reassign") => void }) {
  return (
    <>
      <RevokeDialog dialog={dialogs.revoke} onDone={() => onDone?.("revoke")} />
      <RemoveDialog dialog={dialogs.remove} onDone={() => onDone?.("remove")} />
      <ReassignDialog dialog={dialogs.reassign} onDone={() => onDone?.("reassign")} />
      <RotateDialog dialog={dialogs.rotate} />
    </>
  );
}

type DialogProps = { dialog: Dialog<Token[]>; onDone: () => void };

function RevokeDialog({ dialog, onDone }: DialogProps) {
  const { revoke, revokeMany } = useTokenActions();
  const tokens = dialog.subject ?? [];
  const act = async () => {
    if (tokens.length === 1) {
      await revoke.mutateAsync(tokens[0]!.id);
      notifyDone(`${tokens[0]!.name} is revoked.`);
    } else {
      notifyBulk(await revokeMany.mutateAsync(tokens.map((token) => token.id)), "revoked");
    }
    onDone();
  };
  return (
    <ConfirmDialog opened={dialog.opened} onClose={dialog.close} title={titleOf("Revoke", tokens)} confirm="Revoke" onConfirm={act}>
      <Affected names={tokens.map((token) => token.name)} />
      <Text size="sm">
        Whoever uses {tokens.length === 1 ? "it" : "them"} is refused from this moment on: agents get no configuration and their heartbeats are
        not taken. The {tokens.length === 1 ? "record stays" : "records stay"}. This cannot be undone.
      </Text>
    </ConfirmDialog>
  );
}

function RemoveDialog({ dialog, onDone }: DialogProps) {
  const { remove, removeMany } = useTokenActions();
  const tokens = dialog.subject ?? [];
  const act = async () => {
    if (tokens.length === 1) {
      await remove.mutateAsync(tokens[0]!.id);
      notifyDone(`${tokens[0]!.name} is deleted.`);
    } else {
      notifyBulk(await removeMany.mutateAsync(tokens.map((token) => token.id)), "deleted");
    }
    onDone();
  };
  const usable = tokens.filter((token) => token.status === "active" && !token.expired).length;
  return (
    <ConfirmDialog opened={dialog.opened} onClose={dialog.close} title={titleOf("Delete", tokens)} confirm="Delete" onConfirm={act}>
      <Affected names={tokens.map((token) => token.name)} />
      <Text size="sm">
        {usable > 0 && (tokens.length === 1 ? "It still works, and stops at this moment. " : `${usable} of them still work, and stop at this moment. `)}
        Nothing is left to tell what {tokens.length === 1 ? "it was" : "they were"}; to keep that, revoke instead.
      </Text>
    </ConfirmDialog>
  );
}

export function titleOf(verb: string, tokens: Token[]): string {
  return tokens.length === 1 ? `${verb} this token?` : `${verb} ${tokens.length} tokens?`;
}
