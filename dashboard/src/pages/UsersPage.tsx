import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, unwrap } from "../api/client";
import { meQuery, userListQuery } from "../api/queries";
import type { Role, User } from "../api/types";
import { useMay } from "../auth/use-session";
import { errorOf } from "../camera/spec";
import { m } from "../messages";
import { formatDateTime, knownZone } from "../time/format";
import { Button, IconButton } from "../ui/Button";
import { PasswordField, SelectField, TextField } from "../ui/Field";
import { DeleteDialog, FormDialog } from "../ui/FormDialog";
import { Page } from "../ui/Page";
import { ListRow, PagedList } from "../ui/PagedList";
import { Empty } from "../ui/States";

const ROLES: readonly Role[] = ["viewer", "operator", "driller", "admin"];

type Open = { kind: "add" } | { kind: "edit" | "reset" | "delete"; user: User } | null;

export default function UsersPage() {
  const may = useMay();
  const me = useQuery(meQuery);
  if (me.data && !may.admin) return <Empty icon="users" title={m.users.forbiddenTitle} text={m.users.forbiddenText} />;
  return <Users ownId={me.data?.id ?? ""} />;
}

function Users({ ownId }: { ownId: string }) {
  const users = useInfiniteQuery(userListQuery);
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  return (
    <Page
      title={m.users.title}
      actions={
        <Button look="primary" icon="plus" onClick={() => setOpen({ kind: "add" })}>
          {m.users.add}
        </Button>
      }
    >
      <PagedList query={users} caption={m.users.title} empty={null}>
        {(user) => (
          <ListRow
            key={user.id}
            title={
              <>
                <bdi className="truncate">{user.username}</bdi>
                {user.id === ownId && <span className="rounded-md bg-accent-wash px-1.5 py-0.5 text-xs font-medium text-accent">{m.users.you}</span>}
              </>
            }
            text={[m.users.roles[user.role], m.users.roleHints[user.role], m.users.since(formatDateTime(Date.parse(user.created_at), knownZone(null)))].join(" · ")}
          >
            <IconButton icon="edit" name={m.users.editTitle(user.username)} onClick={() => setOpen({ kind: "edit", user })} />
            <IconButton icon="key" name={m.users.resetTitle(user.username)} onClick={() => setOpen({ kind: "reset", user })} />
            <IconButton icon="trash" name={m.users.deleteTitle(user.username)} disabled={user.id === ownId} onClick={() => setOpen({ kind: "delete", user })} />
          </ListRow>
        )}
      </PagedList>
      {users.data?.pages[0]?.total === 1 && <p className="mt-4 max-w-2xl text-sm text-soft">{m.users.onlyYou}</p>}
      {open?.kind === "add" && <UserDialog onClose={close} />}
      {open?.kind === "edit" && <UserDialog user={open.user} onClose={close} />}
      {open?.kind === "reset" && <ResetPassword user={open.user} onClose={close} />}
      {open?.kind === "delete" && <DeleteUser user={open.user} onClose={close} />}
    </Page>
  );
}

function UserDialog({ user, onClose }: { user?: User; onClose: () => void }) {
  const [username, setUsername] = useState(user?.username ?? "");
  const [role, setRole] = useState<Role>(user?.role ?? "viewer");
  const [password, setPassword] = useState("");
  const save = () => {
    if (!user) return unwrap(api.POST("/api/v1/users", { body: { username, role, password } }));
    const body = {
      ...(username !== user.username ? { username } : {}),
      ...(role !== user.role ? { role } : {}),
      ...(password !== "" ? { password } : {}),
    };
    return unwrap(api.PATCH("/api/v1/users/{id}", { params: { path: { id: user.id } }, body }));
  };
  return (
    <FormDialog
      title={user ? m.users.editTitle(user.username) : m.users.add}
      submit={user ? m.common.save : m.users.add}
      stale={[userListQuery.queryKey, meQuery.queryKey]}
      save={save}
      onClose={onClose}
    >
      {(errors) => (
        <>
          <TextField name="new-username" label={m.users.username} maxLength={128} autoComplete="off" autoCapitalize="none" spellCheck={false} value={username} onChange={(e) => setUsername(e.target.value)} error={errorOf(errors, "username")} />
          <SelectField label={m.users.role} hint={m.users.roleHints[role]} value={role} onChange={(e) => setRole(ROLES.find((known) => known === e.target.value) ?? "viewer")} error={errorOf(errors, "role")}>
            {ROLES.map((known) => (
              <option key={known} value={known}>
                {m.users.roles[known]}
              </option>
            ))}
          </SelectField>
          <PasswordField name="new-password" label={m.users.password} hint={user ? m.users.passwordKeep : m.users.passwordHint} autoComplete="new-password" value={password} onChange={(e) => setPassword(e.target.value)} error={errorOf(errors, "password")} />
        </>
      )}
    </FormDialog>
  );
}

function ResetPassword({ user, onClose }: { user: User; onClose: () => void }) {
  const [password, setPassword] = useState("");
  return (
    <FormDialog
      title={m.users.resetTitle(user.username)}
      submit={m.users.reset}
      stale={[userListQuery.queryKey]}
      save={() => unwrap(api.PATCH("/api/v1/users/{id}", { params: { path: { id: user.id } }, body: { password } }))}
      onClose={onClose}
    >
      {(errors) => (
        <PasswordField name="new-password" label={m.users.password} hint={m.users.resetHint} autoComplete="new-password" value={password} onChange={(e) => setPassword(e.target.value)} error={errorOf(errors, "password")} />
      )}
    </FormDialog>
  );
}

function DeleteUser({ user, onClose }: { user: User; onClose: () => void }) {
  return (
    <DeleteDialog
      title={m.users.deleteTitle(user.username)}
      text={m.users.deleteText}
      action={m.users.deleteConfirm}
      stale={[userListQuery.queryKey]}
      remove={() => unwrap(api.DELETE("/api/v1/users/{id}", { params: { path: { id: user.id } } }))}
      onClose={onClose}
    />
  );
}
