import { Stack, Tabs, Text } from "@mantine/core";

import type { TokenCreated } from "@/api/types";
import { useEndpoints } from "@/shared/endpoints";
import { Notice } from "@/shared/parts/Notice";
import { SecretOnce } from "@/shared/parts/SecretOnce";
import { Snippet } from "@/shared/parts/Snippet";

import { tokenSnippets } from "../snippets";

/** A value that was just made, and how to use it. */
export function NewValue({ token }: { token: TokenCreated }) {
  const snippets = tokenSnippets(token.token, token.permissions, useEndpoints());
  return (
    <Stack gap="md">
      {token.droppedPermissions.length > 0 && (
        <Notice tone="warn" title="Some permissions were left out">
          {token.username} may not: {token.droppedPermissions.join(", ")}.
        </Notice>
      )}
      <SecretOnce value={token.token} label="token" note="Only its digest is stored here. If it is lost, rotate the token." />
      <Tabs defaultValue={snippets[0]?.id} keepMounted={false}>
        <Tabs.List>
          {snippets.map((one) => <Tabs.Tab key={one.id} value={one.id} fz="sm">{one.label}</Tabs.Tab>)}
        </Tabs.List>
        {snippets.map((one) => (
          <Tabs.Panel key={one.id} value={one.id} pt="sm">
            <Snippet text={one.text} label={one.label} />
            <Text size="xs" c="dimmed" mt={6}>{one.note}</Text>
          </Tabs.Panel>
        ))}
      </Tabs>
    </Stack>
  );
}
