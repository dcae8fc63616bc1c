import { Anchor, Button, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { isApiError } from "@/api/errors";
import type { Config, TokenCreated } from "@/api/types";
import { CreateTokenDialog } from "@/features/tokens/offered";
import { permissionTableQuery, useTokenActions } from "@/features/tokens/queries";
import { FormError } from "@/shared/form/FormError";
import { dayOf } from "@/shared/lib/time";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { SecretOnce } from "@/shared/parts/SecretOnce";

import { startTokenQuery, tokenNameFor } from "../queries";
import { Step } from "./Step";

const YEAR_MS = 365 * 86_400_000;

type TokenStepProps = { config: Config | null; token: TokenCreated | null; onMade: (token: TokenCreated) => void };

/** What the agent shows to be let in. Its value lives on this page alone, as long as the page does. */
export function TokenStep({ config, token, onMade }: TokenStepProps) {
  if (token) {
    return (
      <Step number={2} title="Token" done>
        <SecretOnce value={token.token} label="token" note={token.expiresAt ? `It is in the command below, and ends on ${dayOf(new Date(token.expiresAt))}.` : "It is in the command below."} />
      </Step>
    );
  }
  return (
    <Step number={2} title="Token" done={false}>
      {config ? <TokenMaker config={config} onMade={onMade} /> : <p>The agent presents it when it fetches its configuration and when it reports.</p>}
    </Step>
  );
}

function TokenMaker({ config, onMade }: { config: Config; onMade: (token: TokenCreated) => void }) {
  const name = tokenNameFor(config);
  const existing = useQuery(startTokenQuery(name));
  const [asking, setAsking] = useState(false);
  const { busy, error, make, renew } = useOneClick(name, onMade);
  const found = existing.data;
  return (
    <>
      {found ? (
        <p>
          The token “{found.name}” was made <RelativeTime at={found.createdAt} />, and its value shown that once.
          {found.lastUsedAt ? " Agents use it: take the value that you kept, or make another token." : " No agent has used it yet: it can simply get a new value."}
        </p>
      ) : (
        <p>The agent presents it when it fetches its configuration and when it reports. It may do that and nothing else.</p>
      )}
      <FormError error={error} />
      <Group gap="md">
        {found?.lastUsedAt || isApiError(error, "token_name_conflict") ? (
          <Button onClick={() => setAsking(true)}>Make another token…</Button>
        ) : (
          <>
            <Button loading={busy || existing.isPending} onClick={() => (found ? renew(found.id) : make())}>{found ? "Give it a new value" : "Make the token"}</Button>
            {!found && <Anchor component="button" type="button" size="sm" onClick={() => setAsking(true)}>Choose what it may do…</Anchor>}
          </>
        )}
      </Group>
      <CreateTokenDialog
        opened={asking}
        onClose={() => setAsking(false)}
        start={{ name: found ? "" : name, preset: "telegraf-agent" }}
        onCreated={(made) => {
          setAsking(false);
          onMade(made);
        }}
      />
    </>
  );
}

/** The token with the preset for agents, for a year; or a new value for one that was made before. */
function useOneClick(name: string, onMade: (token: TokenCreated) => void) {
  const { create, rotate } = useTokenActions();
  const presets = useQuery(permissionTableQuery).data?.presets;
  const permissions = presets?.find((preset) => preset.id === "telegraf-agent")?.permissions ?? [];
  return {
    busy: create.isPending || rotate.isPending || !presets,
    error: create.error ?? rotate.error,
    make: () => create.mutate({ name, permissions, expiresAt: new Date(Date.now() + YEAR_MS).toISOString() }, { onSuccess: onMade }),
    renew: (id: string) => rotate.mutate({ id, overlapSeconds: 0 }, { onSuccess: onMade }),
  };
}
