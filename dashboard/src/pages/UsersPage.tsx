import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";

import { api, unwrap } from "../api/client";
import { asProblem, problemWords } from "../api/problem";
import { meQuery, usersQuery } from "../api/queries";
import type { Role, User } from "../api/types";
import { useMay } from "../auth/use-session";
import { errorOf } from "../camera/spec";
import { m } from "../messages";
import { Button, IconButton } from "../ui/Button";
import { ConfirmDialog, Dialog } from "../ui/Dialog";
import { PasswordField, SelectField, TextField } from "../ui/Field";
import { Page } from "../ui/Page";
import { Empty, Failed, Loading, Notice } from "../ui/States";

const ROLES: readonly Role[] = ["viewer", "operator", "admin"];

type Open = { kind: "add" } | { kind: "edit" | "delete"; user: User } | null;

export default function UsersPage() {
  const may = useMay();
  const me = useQuery(meQuery);
  if (me.data && !may.admin) return <Empty icon="users" title={m.users.forbiddenTitle} text={m.users.forbiddenText} />;
  return <Users ownId={me.data?.id ?? ""} />;
}

function Users({ ownId }: { ownId: string }) {
  const users = useQuery(usersQuery);
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
      {users.isError && !users.data ? (
        <Failed error={users.error} onRetry={() => void users.refetch()} />
      ) : !users.data ? (
        <Loading rows={3} />
      ) : (
        <ul className="divide-y divide-line overflow-hidden rounded-2xl border border-line bg-surface shadow-card">
          {users.data.items.map((user) => (
            <li key={user.id} className="flex items-center gap-2 py-2.5 pr-2 pl-4">
              <div className="min-w-0 flex-1">
                <p className="truncate font-medium">
                  <bdi>{user.username}</bdi>
                  {user.id === ownId && <span className="ml-2 rounded-md bg-accent-wash px-1.5 py-0.5 text-xs font-medium text-accent">{m.users.you}</span>}
                </p>
                <p className="truncate text-sm text-faint">{`${m.users.roles[user.role]} · ${m.users.roleHints[user.role]}`}</p>
              </div>
              <IconButton icon="edit" name={m.users.editTitle(user.username)} onClick={() => setOpen({ kind: "edit", user })} />
              <IconButton icon="trash" name={m.users.deleteTitle(user.username)} disabled={user.id === ownId} onClick={() => setOpen({ kind: "delete", user })} />
            </li>
          ))}
        </ul>
      )}
      {open?.kind === "add" && <UserDialog onClose={close} />}
      {open?.kind === "edit" && <UserDialog user={open.user} onClose={close} />}
      {open?.kind === "delete" && <DeleteUser user={open.user} onClose={close} />}
    </Page>
  );
}

function UserDialog({ user, onClose }: { user?: User; onClose: () => void }) {
  const queries = useQueryClient();
  const [username, setUsername] = useState(user?.username ?? "");
  const [role, setRole] = useState<Role>(user?.role ?? "viewer");
  const [password, setPassword] = useState("");
  const save = useMutation({
    mutationFn: () =>
      user
        ? unwrap(
            api.PATCH("/api/v1/users/{id}", {
              params: { path: { id: user.id } },
              body: {
                ...(username !== user.username ? { username } : {}),
                ...(role !== user.role ? { role } : {}),
                ...(password !== "" ? { password } : {}),
              },
            }),
          )
        : unwrap(api.POST("/api/v1/users", { body: { username, role, password } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: usersQuery.queryKey });
      void queries.invalidateQueries({ queryKey: meQuery.queryKey });
      onClose();
    },
  });
  const errors = save.isError ? asProblem(save.error).fields : [];
  return (
    <Dialog title={user ? m.users.editTitle(user.username) : m.users.add} onClose={onClose}>
      <form
        noValidate
        className="space-y-4"
        onSubmit={(event: SubmitEvent) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        {save.isError && <Notice>{problemWords(save.error)}</Notice>}
        <TextField name="new-username" label={m.users.username} maxLength={128} autoComplete="off" autoCapitalize="none" spellCheck={false} value={username} onChange={(e) => setUsername(e.target.value)} error={errorOf(errors, "username")} />
        <SelectField label={m.users.role} hint={m.users.roleHints[role]} value={role} onChange={(e) => setRole(ROLES.find((known) => known === e.target.value) ?? "viewer")} error={errorOf(errors, "role")}>
          {ROLES.map((known) => (
            <option key={known} value={known}>
              {m.users.roles[known]}
            </option>
          ))}
        </SelectField>
        <PasswordField name="new-password" label={m.users.password} hint={user ? m.users.passwordKeep : m.users.passwordHint} autoComplete="new-password" value={password} onChange={(e) => setPassword(e.target.value)} error={errorOf(errors, "password")} />
        <div className="flex justify-end gap-2 pt-2">
          <Button onClick={onClose}>{m.common.cancel}</Button>
          <Button look="primary" type="submit" disabled={save.isPending}>
            {save.isPending ? m.common.saving : user ? m.common.save : m.users.add}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function DeleteUser({ user, onClose }: { user: User; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/users/{id}", { params: { path: { id: user.id } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: usersQuery.queryKey });
      onClose();
    },
  });
  return (
    <ConfirmDialog
      title={m.users.deleteTitle(user.username)}
      text={m.users.deleteText}
      action={m.users.deleteConfirm}
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    />
  );
}
