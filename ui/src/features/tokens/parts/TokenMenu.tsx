import { Menu } from "@mantine/core";
import { IconBan, IconRefresh, IconTrash, IconUserShare } from "@tabler/icons-react";

import type { Token } from "@/api/types";
import { useCan } from "@/shared/session";
import { RowMenu } from "@/shared/table/RowMenu";

import { isUsable } from "../token-state";
import { useMayReassign } from "../use-may-reassign";
import type { TokenDialogsState } from "./TokenDialogs";

/** What can be done with one token; only what the role allows and the token's state makes sense of. */
export function TokenMenu({ token, dialogs }: { token: Token; dialogs: TokenDialogsState }) {
  const can = useCan();
  const mayReassign = useMayReassign();
  const writes = can("tokens:write") && token.status === "active";
  if (!writes && !can("tokens:delete")) return null;
  return (
    <RowMenu label={`Actions for ${token.name}`}>
      {writes && isUsable(token) && (
        <Menu.Item leftSection={<IconRefresh size={15} />} onClick={() => dialogs.rotate.open(token)}>Rotate…</Menu.Item>
      )}
      {writes && mayReassign && (
        <Menu.Item leftSection={<IconUserShare size={15} />} onClick={() => dialogs.reassign.open([token])}>Reassign…</Menu.Item>
      )}
      {writes && (
        <Menu.Item leftSection={<IconBan size={15} />} onClick={() => dialogs.revoke.open([token])}>Revoke…</Menu.Item>
      )}
      {can("tokens:delete") && (
        <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => dialogs.remove.open([token])}>Delete…</Menu.Item>
      )}
    </RowMenu>
  );
}
