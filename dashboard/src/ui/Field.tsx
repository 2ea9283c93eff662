import { type ComponentProps, type ReactNode, useId, useState } from "react";

import { m } from "../messages";
import { IconButton } from "./Button";

const box =
  "block w-full min-h-10.5 rounded-lg border bg-surface px-3 py-2 text-ink placeholder:text-faint/70 transition-colors focus:outline-2 focus:outline-offset-0 focus:outline-accent";

const border = (error: string | undefined): string => (error ? "border-bad" : "border-line-strong hover:border-faint");

interface Wrap {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  optional?: boolean;
}

function Field({ label, hint, error, optional = false, children }: Wrap & { children: (ids: { id: string; describedBy: string | undefined }) => ReactNode }) {
  const id = useId();
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const describedBy = [error ? errorId : "", hint ? hintId : ""].filter(Boolean).join(" ") || undefined;
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="mb-1.5 flex items-baseline justify-between gap-2 text-sm font-medium">
        {label}
        {optional && <span className="text-xs font-normal text-faint">{m.common.optional}</span>}
      </label>
      {children({ id, describedBy })}
      {error && (
        <p id={errorId} role="alert" className="mt-1.5 text-sm text-bad">
          {error}
        </p>
      )}
      {hint && (
        <p id={hintId} className="mt-1.5 text-[0.8125rem] leading-snug text-faint">
          {hint}
        </p>
      )}
    </div>
  );
}

type Native<T extends "input" | "select" | "textarea"> = Omit<ComponentProps<T>, "id">;

export function TextField({ label, hint, error, optional, className = "", ...rest }: Wrap & Native<"input">) {
  return (
    <Field {...{ label, hint, error, optional: optional ?? false }}>
      {({ id, describedBy }) => (
        <input id={id} aria-describedby={describedBy} aria-invalid={error ? true : undefined} className={`${box} ${border(error)} ${className}`} {...rest} />
      )}
    </Field>
  );
}

/** Text of several lines. */
export function TextAreaField({ label, hint, error, optional, ...rest }: Wrap & Native<"textarea">) {
  return (
    <Field {...{ label, hint, error, optional: optional ?? false }}>
      {({ id, describedBy }) => <textarea id={id} aria-describedby={describedBy} aria-invalid={error ? true : undefined} className={`${box} ${border(error)} resize-y`} {...rest} />}
    </Field>
  );
}

export function PasswordField({ label, hint, error, optional, ...rest }: Wrap & Native<"input">) {
  const [shown, setShown] = useState(false);
  return (
    <Field {...{ label, hint, error, optional: optional ?? false }}>
      {({ id, describedBy }) => (
        <div className="relative">
          <input
            id={id}
            type={shown ? "text" : "password"}
            aria-describedby={describedBy}
            aria-invalid={error ? true : undefined}
            className={`${box} ${border(error)} pr-11`}
            {...rest}
          />
          <IconButton
            icon={shown ? "eyeOff" : "eye"}
            name={shown ? m.common.hidePassword : m.common.showPassword}
            className="absolute top-1/2 right-0.5 -translate-y-1/2"
            onClick={() => setShown(!shown)}
          />
        </div>
      )}
    </Field>
  );
}

export function SelectField({ label, hint, error, optional, children, ...rest }: Wrap & Native<"select">) {
  return (
    <Field {...{ label, hint, error, optional: optional ?? false }}>
      {({ id, describedBy }) => (
        <select id={id} aria-describedby={describedBy} aria-invalid={error ? true : undefined} className={`${box} ${border(error)}`} {...rest}>
          {children}
        </select>
      )}
    </Field>
  );
}

export function CheckField({ label, ...rest }: { label: string } & Native<"input">) {
  const id = useId();
  return (
    <div className="flex min-h-10 items-center gap-2.5">
      <input id={id} type="checkbox" className="size-4.5 accent-accent-fill" {...rest} />
      <label htmlFor={id} className="text-sm">
        {label}
      </label>
    </div>
  );
}

interface LabelsFieldProps extends Wrap {
  value: readonly string[];
  onChange: (labels: string[]) => void;
  placeholder?: string;
  removeName: (label: string) => string;
}

/** Words as chips: Enter or comma adds what is typed, backspace in the empty field takes the last away. */
export function LabelsField({ label, hint, error, optional, value, onChange, placeholder, removeName }: LabelsFieldProps) {
  const [draft, setDraft] = useState("");
  const commit = () => {
    const word = draft.trim();
    if (word && !value.includes(word)) onChange([...value, word]);
    setDraft("");
  };
  return (
    <Field {...{ label, hint, error, optional: optional ?? false }}>
      {({ id, describedBy }) => (
        <div className={`flex min-h-10.5 flex-wrap items-center gap-1.5 rounded-lg border bg-surface p-1.5 focus-within:outline-2 focus-within:outline-accent ${border(error)}`}>
          {value.map((word) => (
            <span key={word} className="inline-flex max-w-full items-center gap-0.5 rounded-md bg-accent-wash py-0.5 pr-0.5 pl-2 text-sm text-accent">
              <bdi className="truncate">{word}</bdi>
              <button
                type="button"
                aria-label={removeName(word)}
                className="inline-flex size-6 items-center justify-center rounded hover:bg-hover"
                onClick={() => onChange(value.filter((other) => other !== word))}
              >
                ×
              </button>
            </span>
          ))}
          <input
            id={id}
            aria-describedby={describedBy}
            className="min-w-24 flex-1 bg-transparent px-1.5 py-0.5 outline-none placeholder:text-faint/70"
            value={draft}
            placeholder={value.length === 0 ? placeholder : undefined}
            onChange={(event) => setDraft(event.target.value)}
            onBlur={commit}
            onKeyDown={(event) => {
              if ((event.key === "Enter" && draft.trim() !== "") || event.key === ",") {
                event.preventDefault();
                commit();
              } else if (event.key === "Backspace" && draft === "" && value.length > 0) {
                onChange(value.slice(0, -1));
              }
            }}
          />
        </div>
      )}
    </Field>
  );
}
