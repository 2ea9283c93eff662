import { type RefObject, useEffect, useState, useSyncExternalStore } from "react";

const onVisibility = (listener: () => void): (() => void) => {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
};

/** Whether somebody can see `ref`: it is within the viewport, or nearly, and the tab is in front. */
export function useOnScreen(ref: RefObject<Element | null>): boolean {
  const [near, setNear] = useState(false);
  const shown = useSyncExternalStore(onVisibility, () => document.visibilityState === "visible");
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new IntersectionObserver(
      (entries) => setNear(entries.some((entry) => entry.isIntersecting)),
      { rootMargin: "100px" },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return near && shown;
}
