import { type ReactNode, useEffect, useId, useRef } from "react";

import { problemWords } from "../api/problem";
import { m } from "../messages";
import { Button, IconButton } from "./Button";
import { Notice } from "./States";

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
}

/** A modal dialog. The browser's own: it keeps the focus inside, closes on Escape and gives the focus back. */
export function Dialog({ title, onClose, children, wide = false }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    // Whoever opens a form goes on typing.
    element?.querySelector<HTMLElement>("form :is(input:not([type=checkbox]), select, textarea)")?.focus();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      className={`max-h-[92dvh] w-[calc(100vw-1.5rem)] overflow-auto rounded-2xl border border-line bg-raised shadow-pop ${wide ? "max-w-2xl" : "max-w-md"}`}
    >
      <div className="sticky top-0 z-10 flex items-center justify-between gap-3 border-b border-line bg-raised py-3 pr-3 pl-5">
        <h2 id={titleId} className="text-lg font-semibold">
          {title}
        </h2>
        <IconButton icon="close" name={m.common.close} onClick={onClose} />
      </div>
      <div className="p-5">{children}</div>
    </dialog>
  );
}

/** The buttons that end a form in a dialog; in reach however long the form is. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="sticky bottom-0 z-10 -mx-5 -mb-5 flex justify-end gap-2 rounded-b-2xl border-t border-line bg-raised px-5 py-3">{children}</div>;
}

interface ConfirmProps {
  title: string;
  text: string;
  action: string;
  pending: boolean;
  error: unknown;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something that cannot be undone. */
export function ConfirmDialog({ title, text, action, pending, error, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p className="text-soft">{text}</p>
      {error !== null && <Notice className="mt-4">{problemWords(error)}</Notice>}
      <div className="mt-6 flex justify-end gap-2">
        <Button onClick={onClose}>{m.common.cancel}</Button>
        <Button look="danger" icon="trash" disabled={pending} onClick={onConfirm}>
          {pending ? m.common.deleting : action}
        </Button>
      </div>
    </Dialog>
  );
}
