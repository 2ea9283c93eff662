import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import type { Camera } from "../api/types";
import { m } from "../messages";
import { formatDuration } from "../time/format";
import type { Jump } from "./player";
import { reasonOf } from "./queries";

/** How long a notice stays. */
const SHOWN_MS = 7_000;

/** Sentences over the picture: what was passed and why, what just happened. */
export function useJumpNotice(camera: Camera): [string | null, { words: (text: string) => void; jump: (jump: Jump) => void }] {
  const queries = useQueryClient();
  const [notice, setNotice] = useState<string | null>(null);
  useEffect(() => {
    if (notice === null) return;
    const timer = setTimeout(() => setNotice(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice]);
  const jump = ({ fromMs, toMs }: Jump) => {
    const length = formatDuration(toMs - fromMs);
    void reasonOf(queries, camera, { fromMs, toMs })
      .catch(() => null)
      .then((item) => {
        const why = item?.kind === "deleted" ? m.playback.deleted : item ? m.causes[item.cause ?? "unknown"] : m.playback.notRecorded;
        setNotice(m.playback.gapPassed(length, why));
      });
  };
  return [notice, { words: setNotice, jump }];
}
