import type { ReactNode } from "react";

import { problemWords } from "../api/problem";
import { m } from "../messages";
import { Button } from "./Button";
import { Icon, type IconName } from "./Icon";

interface EmptyProps {
  icon: IconName;
  title: string;
  text: string;
  children?: ReactNode;
}

/** What stands where nothing is: why, and what to do next. */
export function Empty({ icon, title, text, children }: EmptyProps) {
  return (
    <div className="mx-auto flex max-w-md flex-col items-center px-4 py-16 text-center sm:py-24">
      <div className="mb-5 flex size-16 items-center justify-center rounded-2xl bg-accent-wash text-accent">
        <Icon name={icon} className="size-8" />
      </div>
      <h2 className="text-xl font-semibold">{title}</h2>
      <p className="mt-2 text-soft text-balance">{text}</p>
      {children && <div className="mt-6 flex flex-wrap justify-center gap-2">{children}</div>}
    </div>
  );
}

/** Something failed: what, and the way to try again. */
export function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <div role="alert" className="mx-auto flex max-w-md flex-col items-center px-4 py-16 text-center sm:py-24">
      <div className="mb-5 flex size-16 items-center justify-center rounded-2xl bg-bad-wash text-bad">
        <Icon name="plug" className="size-8" />
      </div>
      <h2 className="text-xl font-semibold">{m.errors.title}</h2>
      <p className="mt-2 text-soft text-balance">{problemWords(error)}</p>
      <Button look="primary" className="mt-6" onClick={onRetry}>
        {m.common.retry}
      </Button>
    </div>
  );
}

const TONES = {
  bad: "border-bad/30 bg-bad-wash text-bad",
  warn: "border-warn/30 bg-warn-wash text-warn",
  good: "border-good/30 bg-good-wash text-good",
};

/** A sentence that must be seen. */
export function Notice({ tone = "bad", className = "", children }: { tone?: keyof typeof TONES; className?: string; children: ReactNode }) {
  return (
    <div role="alert" className={`flex gap-2.5 rounded-lg border px-3 py-2.5 text-sm ${TONES[tone]} ${className}`}>
      <Icon name={tone === "good" ? "check" : "warning"} className="mt-px size-4.5" />
      <div className="min-w-0">{children}</div>
    </div>
  );
}

/** Rows that are on their way. */
export function Loading({ rows = 5 }: { rows?: number }) {
  return (
    <div role="status" aria-label={m.common.loading} className="space-y-2">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="skeleton h-14 rounded-xl border border-line bg-surface" />
      ))}
    </div>
  );
}
