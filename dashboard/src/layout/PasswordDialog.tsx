import { useMutation } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";

import { api, unwrap } from "../api/client";
import { asProblem, problemWords } from "../api/problem";
import { errorOf } from "../camera/spec";
import { m } from "../messages";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import { PasswordField } from "../ui/Field";
import { Notice } from "../ui/States";

/** Changes the signed-in user's own password. */
export function PasswordDialog({ onClose }: { onClose: () => void }) {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [repeat, setRepeat] = useState("");
  const [mismatch, setMismatch] = useState(false);
  const change = useMutation({
    mutationFn: () => unwrap(api.PUT("/api/v1/me/password", { body: { current_password: current, new_password: next } })),
  });
  const fields = change.isError ? asProblem(change.error).fields : [];
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setMismatch(next !== repeat);
    if (next === repeat) change.mutate();
  };
  if (change.isSuccess) {
    return (
      <Dialog title={m.password.title} onClose={onClose}>
        <Notice tone="good">{m.password.changed}</Notice>
        <div className="mt-5 flex justify-end">
          <Button look="primary" onClick={onClose}>
            {m.common.done}
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={m.password.title} onClose={onClose}>
      <form onSubmit={submit} className="space-y-4">
        {change.isError && <Notice>{problemWords(change.error)}</Notice>}
        <PasswordField label={m.password.current} autoComplete="current-password" required value={current} onChange={(e) => setCurrent(e.target.value)} error={errorOf(fields, "current_password")} />
        <PasswordField label={m.password.next} hint={m.password.nextHint} autoComplete="new-password" required value={next} onChange={(e) => setNext(e.target.value)} error={errorOf(fields, "new_password")} />
        <PasswordField label={m.password.repeat} autoComplete="new-password" required value={repeat} onChange={(e) => setRepeat(e.target.value)} error={mismatch ? m.password.mismatch : undefined} />
        <DialogActions>
          <Button onClick={onClose}>{m.common.cancel}</Button>
          <Button look="primary" type="submit" disabled={change.isPending}>
            {change.isPending ? m.common.saving : m.password.submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
