import { Button } from "@mantine/core";
import { IconClock, IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "react-router";

import { isApiError } from "@/api/errors";
import type { Token } from "@/api/types";
import { PermissionMatrix } from "@/shared/access/PermissionGrid";
import { Id } from "@/shared/parts/Id";
import { Notice } from "@/shared/parts/Notice";
import { PageHeader } from "@/shared/parts/PageHeader";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { Columns, Facts, Section } from "@/shared/parts/Section";
import { EmptyState, Loading, LoadError } from "@/shared/parts/states";
import { WhenAndWho } from "@/shared/parts/WhenAndWho";
import { useCan } from "@/shared/session";
import { urls } from "@/shared/urls";

import { TokenBadge } from "../parts/TokenBadge";
import { TokenDialogs, useTokenDialogs } from "../parts/TokenDialogs";
import { TokenMenu } from "../parts/TokenMenu";
import { tokenQuery } from "../queries";
import { isUsable } from "../token-state";

const SOURCES: Record<string, string> = {
  generated: "made here",
  supplied: "brought along by its creator",
  bootstrap: "from the start-up options",
};

export default function TokenPage() {
  const { id = "" } = useParams();
  const query = useQuery(tokenQuery(id));
  if (isApiError(query.error, "not_found")) {
    return <EmptyState title="There is no such token" text="It was deleted, or it is somebody else's." action={<Button component={Link} to={urls.tokens} size="xs" variant="default">To the API tokens</Button>} />;
  }
  if (query.isError && !query.data) return <LoadError what="the token" error={query.error} onRetry={() => void query.refetch()} />;
  return query.data ? <TokenDetail token={query.data} /> : <Loading />;
}

function TokenDetail({ token }: { token: Token }) {
  const can = useCan();
  const navigate = useNavigate();
  const dialogs = useTokenDialogs();
  const gone = (did: string) => did === "remove" && void navigate(urls.tokens);
  return (
    <>
      <PageHeader
        title={token.name}
        badge={<TokenBadge token={token} />}
        back={{ to: urls.tokens, label: "API tokens" }}
        actions={
          <>
            {can("tokens:write") && isUsable(token) && (
              <Button variant="default" leftSection={<IconRefresh size={15} />} onClick={() => dialogs.rotate.open(token)}>Rotate…</Button>
            )}
            <TokenMenu token={token} dialogs={dialogs} />
          </>
        }
      />
      {token.previousValueExpiresAt && (
        <Notice tone="warn" icon={IconClock}>
          The value before the last rotation still works; it stops <RelativeTime at={token.previousValueExpiresAt} />.
        </Notice>
      )}
      <Columns>
        <TokenFacts token={token} />
        <Restrictions token={token} />
      </Columns>
      <Section title="Permissions" lead={`What it may do, as far as the role of ${token.username} allows it.`}>
        <PermissionMatrix permissions={token.permissions} />
      </Section>
      <TokenDialogs dialogs={dialogs} onDone={gone} />
    </>
  );
}

function TokenFacts({ token }: { token: Token }) {
  const can = useCan();
  const user = can("users:read") ? <Link to={urls.user(token.userId)}>{token.username}</Link> : token.username;
  const source = SOURCES[token.source];
  return (
    <Section title="About">
      <Facts
        facts={[
          ["Acts for", user],
          ["Value", <><span className="tc-mono">tc-apiv1_…{token.hint}</span>{source && <span className="tc-faint"> · {source}</span>}</>],
          ["Expires", <RelativeTime at={token.expiresAt} />],
          ["Last used", <><RelativeTime at={token.lastUsedAt} />{token.lastUsedIp && <span className="tc-faint"> from {token.lastUsedIp}</span>}</>],
          ["Created", <WhenAndWho at={token.createdAt} by={token.createdBy} />],
          token.revokedAt ? ["Revoked", <WhenAndWho at={token.revokedAt} by={token.revokedBy} />] : null,
          ["Id", <Id value={token.id} />],
        ]}
      />
    </Section>
  );
}

function Restrictions({ token }: { token: Token }) {
  const listed = (values: string[] | null, all: string) =>
    values ? <span className="tc-mono">{values.join(", ")}</span> : <span className="tc-faint">{all}</span>;
  return (
    <Section title="Where it works">
      <Facts
        facts={[
          ["Networks", listed(token.allowedNetworks, "from anywhere")],
          ["Agents", listed(token.agentIds, "for every agent")],
          ["Configurations", listed(token.configs, "for every configuration and group")],
        ]}
      />
    </Section>
  );
}
