import { useEffect, useEffectEvent } from "react";

/** What keys do here, by `event.key` in small letters; with Shift held, `shift+` stands before arrows. */
export type Shortcuts = Readonly<Record<string, (() => void) | undefined>>;

/** Elements that want the keys for themselves. */
const TYPING = "input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable], dialog";
/** Keys that press what has the focus. */
const PRESSES = [" ", "enter"];

/** The name under which a key stands in `Shortcuts`; `null` for those that belong to the browser. */
export function shortcutOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const key = event.key.toLowerCase();
  return event.shiftKey && key.startsWith("arrow") ? `shift+${key}` : key;
}

/** Listens for keys on the whole page, but for where somebody types. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    const key = shortcutOf(event);
    const target = event.target instanceof Element ? event.target : null;
    if (key === null || event.defaultPrevented || document.querySelector("dialog[open]") || target?.closest(TYPING)) return;
    if (PRESSES.includes(key) && target?.closest("button, a, summary")) return;
    const act = shortcuts[key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event);
    window.addEventListener("keydown", listener);
    return () => window.removeEventListener("keydown", listener);
  }, []);
}
