import type { CameraStatus } from "../api/types";
import { m } from "../messages";
import { formatMoment } from "../time/format";
import { useNow } from "../time/use-now";
import { reasonWords } from "./reason";
import { StatusBadge } from "./StatusBadge";

/** A camera's status in words: what is, since when, why, and what somebody can do about it. */
export function StatusPanel({ status, zone }: { status: CameraStatus; zone: string }) {
  const now = useNow(30_000);
  const words = m.states[status.state];
  return (
    <div>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <StatusBadge state={status.state} />
        <span className="text-sm text-faint">{m.since(formatMoment(Date.parse(status.since), now, zone))}</span>
      </div>
      <p className="mt-3 font-medium">{words.headline}</p>
      {status.reason && status.state !== "online" && <p className="mt-1 text-sm break-words text-soft">{reasonWords(status.reason, words.headline)}</p>}
      {words.advice.length > 0 && status.state !== "connecting" && status.state !== "disabled" && (
        <>
          <p className="mt-4 text-sm font-medium">{m.camera.whatToDo}</p>
          <ul className="mt-1.5 list-disc space-y-1 pl-5 text-sm text-soft marker:text-faint">
            {words.advice.map((advice) => (
              <li key={advice}>{advice}</li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
