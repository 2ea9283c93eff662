import { type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { asProblem, type FieldError, problemWords } from "../api/problem";
import { m } from "../messages";
import { Button } from "./Button";
import { ConfirmDialog, Dialog, DialogActions } from "./Dialog";
import { Notice } from "./States";

interface Shared {
  title: string;
  /** The queries that show the thing, asked again once it is changed. */
  stale: readonly QueryKey[];
  onClose: () => void;
}

function useChange(change: () => Promise<unknown>, { stale, onClose }: Shared) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => {
      for (const queryKey of stale) void queries.invalidateQueries({ queryKey });
      onClose();
    },
  });
}

interface FormProps extends Shared {
  /** What the button says that saves. */
  submit: string;
  save: () => Promise<unknown>;
  /** Whether what is filled in can be saved at all; asked before `save`. */
  check?: () => boolean;
  /** The fields; gets what is wrong with which of them. */
  children: (errors: readonly FieldError[]) => ReactNode;
}

/** A dialog of a few fields that closes once they are saved. */
export function FormDialog({ submit, save, check, children, ...shared }: FormProps) {
  const change = useChange(save, shared);
  return (
    <Dialog title={shared.title} onClose={shared.onClose}>
      <form
        noValidate
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (check?.() ?? true) change.mutate();
        }}
      >
        {change.isError && <Notice>{problemWords(change.error)}</Notice>}
        {children(change.isError ? asProblem(change.error).fields : [])}
        <DialogActions>
          <Button onClick={shared.onClose}>{m.common.cancel}</Button>
          <Button look="primary" type="submit" disabled={change.isPending}>
            {change.isPending ? m.common.saving : submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

interface DeleteProps extends Shared {
  text: string;
  action: string;
  remove: () => Promise<unknown>;
}

/** Asks whether to delete something, and does it. */
export function DeleteDialog({ text, action, remove, ...shared }: DeleteProps) {
  const change = useChange(remove, shared);
  return (
    <ConfirmDialog
      title={shared.title}
      text={text}
      action={action}
      pending={change.isPending}
      error={change.error}
      onConfirm={() => change.mutate()}
      onClose={shared.onClose}
    />
  );
}
