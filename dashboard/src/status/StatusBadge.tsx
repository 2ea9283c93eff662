import type { CameraState } from "../api/types";
import { m } from "../messages";

const DOTS: Record<CameraState, string> = {
  online: "bg-good-fill",
  connecting: "bg-warn-fill pulse",
  silent: "bg-warn-fill",
  refused: "bg-bad-fill",
  offline: "bg-bad-fill",
  disabled: "bg-transparent ring-2 ring-inset ring-current",
};

const BADGES: Record<CameraState, string> = {
  online: "bg-good-wash text-good",
  connecting: "bg-warn-wash text-warn",
  silent: "bg-warn-wash text-warn",
  refused: "bg-bad-wash text-bad",
  offline: "bg-bad-wash text-bad",
  disabled: "bg-sunken text-faint",
};

/** A state as a dot. Say the state in words beside it or in its label: colour alone tells not everybody. */
export function StatusDot({ state, className = "" }: { state: CameraState; className?: string }) {
  return <span aria-hidden="true" className={`inline-block size-2.5 shrink-0 rounded-full ${DOTS[state]} ${className}`} />;
}

export function StatusBadge({ state }: { state: CameraState }) {
  return (
    <span className={`inline-flex items-center gap-1.5 rounded-full px-2.5 py-1 text-[0.8125rem] leading-none font-medium ${BADGES[state]}`} data-state={state}>
      <StatusDot state={state} className="size-2" />
      {m.states[state].label}
    </span>
  );
}
