import { useEffect } from "react";

/** Typing is let settle for this long before the node is asked. */
const SETTLE_MS = 250;

/** Hands `text` to `apply` once it has settled and is not what is `applied` already. */
export function useSettled(text: string, applied: string, apply: (text: string) => void): void {
  useEffect(() => {
    if (text === applied) return;
    const timer = setTimeout(() => apply(text), SETTLE_MS);
    return () => clearTimeout(timer);
  });
}
