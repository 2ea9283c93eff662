import { useEffect, useState } from "react";

/** `wanted`, and for `ms` after it was: what may come back in a moment need not be begun anew. */
export function useLingering(wanted: boolean, ms: number): boolean {
  const [over, setOver] = useState(!wanted);
  useEffect(() => {
    if (wanted) return;
    const timer = setTimeout(() => setOver(true), ms);
    return () => {
      clearTimeout(timer);
      setOver(false);
    };
  }, [wanted, ms]);
  return wanted || !over;
}
