import { Button } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "react-router";

import { isApiError } from "@/api/errors";
import type { User } from "@/api/types";
import { useDialog } from "@/shared/dialog/use-dialog";
import { Id } from "@/shared/parts/Id";
import { Notice } from "@/shared/parts/Notice";
import { PageHeader } from "@/shared/parts/PageHeader";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { Facts, Section } from "@/shared/parts/Section";
import { EmptyState, Loading, LoadError } from "@/shared/parts/states";
import { useCan, useMe } from "@/shared/session";
import { urls } from "@/shared/urls";

import { MakeOwnerDialog } from "../parts/MakeOwnerDialog";
import { ResetLinkDialog } from "../parts/ResetLinkDialog";
import { DeleteUserDialog, RoleDialog, StatusDialog } from "../parts/UserDialogs";
import { UserBadge } from "../parts/UserBadge";
import { userQuery } from "../queries";
import { mayManage, roleLabel } from "../roles";

export default function UserPage() {
  const { id = "" } = useParams();
  const query = useQuery(userQuery(id));
  if (isApiError(query.error, "not_found")) {
    return <EmptyState title="There is no such user" text="The account was deleted." action={<Button component={Link} to={urls.users} size="xs" variant="default">To the users</Button>} />;
  }
  if (query.isError && !query.data) return <LoadError what="the user" error={query.error} onRetry={() => void query.refetch()} />;
  return query.data ? <UserDetail user={query.data} /> : <Loading />;
}

function UserDetail({ user }: { user: User }) {
  const me = useMe();
  const can = useCan();
  return (
    <>
      <PageHeader title={user.username} badge={<UserBadge user={user} />} back={{ to: urls.users, label: "Users" }} />
      {user.lockedUntil && (
        <Notice tone="warn" icon={IconLock}>
          Too many sign-ins failed: the account is locked until <RelativeTime at={user.lockedUntil} />. A reset link unlocks it.
        </Notice>
      )}
      <Section title="About">
        <Facts
          facts={[
            ["E-mail", user.email],
            ["Role", roleLabel(user.role)],
            ["Signs in with", user.authProvider === "local" ? "username and password" : user.authProvider],
            ["Last sign-in", <RelativeTime at={user.lastSignInAt} />],
            ["Created", <RelativeTime at={user.createdAt} />],
            can("tokens:read") ? ["Tokens", <Link to={`${urls.tokens}?userId=${user.id}`}>Tokens that act for {user.username}</Link>] : null,
            ["Id", <Id value={user.id} />],
          ]}
        />
      </Section>
      {mayManage(me, user) ? <Manage user={user} /> : <WhyNot user={user} />}
    </>
  );
}

function Manage({ user }: { user: User }) {
  const can = useCan();
  const { role } = useMe();
  const navigate = useNavigate();
  const [change, status, reset, owner, remove] = [useDialog<User>(), useDialog<User>(), useDialog<User>(), useDialog<User>(), useDialog<User>()];
  const disabled = user.status === "disabled";
  return (
    <Section title="Manage">
      <div style={{ display: "flex", flexWrap: "wrap", gap: 8 }}>
        {can("users:write") && <Button variant="default" onClick={() => change.open(user)}>Change role…</Button>}
        {can("password-resets:write") && <Button variant="default" onClick={() => reset.open(user)}>Password reset link…</Button>}
        {can("users:write") && <Button variant="default" onClick={() => status.open(user)}>{disabled ? "Enable…" : "Disable…"}</Button>}
        {role === "owner" && user.role === "administrator" && !disabled && (
          <Button variant="default" onClick={() => owner.open(user)}>Make owner…</Button>
        )}
        {can("users:delete") && <Button variant="default" c="var(--mantine-color-error)" onClick={() => remove.open(user)}>Delete…</Button>}
      </div>
      <RoleDialog dialog={change} />
      <StatusDialog dialog={status} />
      <ResetLinkDialog dialog={reset} />
      <MakeOwnerDialog dialog={owner} />
      <DeleteUserDialog dialog={remove} onDone={() => void navigate(urls.users)} />
    </Section>
  );
}

function WhyNot({ user }: { user: User }) {
  const me = useMe();
  const text =
    user.id === me.user.id ? <>This is you. Your own name, e-mail and password are on the <Link to={urls.account}>Account</Link> page.</>
    : user.role === "owner" ? "Nobody changes the owner. Ownership moves when the owner makes an administrator the owner."
    : "Only the owner changes an administrator.";
  return <Section title="Manage"><span className="tc-faint">{text}</span></Section>;
}
