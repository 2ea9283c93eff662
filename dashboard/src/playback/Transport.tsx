import { m } from "../messages";
import { dayValue } from "../time/zone";
import { Button, IconButton } from "../ui/Button";
import { SPEEDS, type Speed } from "./speed";
import { SPANS_MS, spanOf, type View } from "./view";

interface Props {
  live: boolean;
  playing: boolean;
  speed: Speed;
  /** Whether single pictures can be stepped through. */
  frames: boolean;
  onToggle: () => void;
  onSkip: (byMs: number) => void;
  onStep: (by: 1 | -1) => void;
  onSpeed: (speed: Speed) => void;
  onLive: () => void;
  onIn: () => void;
  onOut: () => void;
  onMarker: () => void;
  onShortcuts: () => void;
}

export const SKIP_MS = 10_000;

const select = "min-h-10 rounded-lg border border-line-strong bg-surface px-2 text-sm text-ink hover:border-faint";

/** What is done with the picture: play, step, speed, marks. */
export function Transport({ live, playing, speed, frames, onToggle, onSkip, onStep, onSpeed, onLive, onIn, onOut, onMarker, onShortcuts }: Props) {
  return (
    <div className="flex flex-wrap items-center gap-x-1 gap-y-2">
      <IconButton icon="back10" name={m.playback.back} onClick={() => onSkip(-SKIP_MS)} />
      <IconButton icon="frameBack" name={m.playback.frameBack} disabled={!frames} onClick={() => onStep(-1)} />
      <IconButton
        icon={playing ? "pause" : "play"}
        name={playing ? m.playback.pause : m.playback.play}
        className="bg-accent-fill text-white! hover:bg-accent-fill-hover!"
        onClick={onToggle}
      />
      <IconButton icon="frameOn" name={m.playback.frameOn} disabled={!frames} onClick={() => onStep(1)} />
      <IconButton icon="on10" name={m.playback.on} disabled={live} onClick={() => onSkip(SKIP_MS)} />
      <label className="ml-1 inline-flex items-center gap-2 text-sm">
        <span className="sr-only">{m.playback.speed}</span>
        <select data-speed="" className={`${select} tabular-nums`} value={speed} disabled={live} onChange={(event) => onSpeed(SPEEDS.find((known) => known === Number(event.target.value)) ?? 1)}>
          {SPEEDS.map((known) => (
            <option key={known} value={known}>
              {m.playback.times(known)}
            </option>
          ))}
        </select>
      </label>
      <Button look={live ? "quiet" : "plain"} className="ml-1 px-3" disabled={live} onClick={onLive}>
        <span aria-hidden="true" className={`size-2 rounded-full ${live ? "bg-bad-fill" : "bg-line-strong"}`} />
        {m.playback.live}
      </Button>
      <div className="ml-auto flex items-center">
        <IconButton icon="markIn" name={m.clip.setIn} disabled={live} onClick={onIn} />
        <IconButton icon="markOut" name={m.clip.setOut} disabled={live} onClick={onOut} />
        <IconButton icon="flag" name={m.markers.add} onClick={onMarker} />
        <IconButton icon="keys" name={m.playback.shortcuts} className="max-sm:hidden" onClick={onShortcuts} />
      </div>
    </div>
  );
}

interface LookProps {
  view: View;
  zone: string;
  nowMs: number;
  /** The playhead. */
  atMs: number;
  onZoom: (factor: number) => void;
  onSpan: (spanMs: number) => void;
  onDay: (day: string) => void;
}

/** What of the timeline is looked at: how much, and which day. */
export function LookBar({ view, zone, nowMs, atMs, onZoom, onSpan, onDay }: LookProps) {
  const seen = atMs >= view.fromMs && atMs <= view.toMs;
  const middle = Math.min(nowMs, seen ? atMs : (view.fromMs + view.toMs) / 2);
  return (
    <div className="flex flex-wrap items-center gap-x-1 gap-y-2">
      <IconButton icon="zoomOut" name={m.playback.zoomOut} onClick={() => onZoom(2)} />
      <IconButton icon="zoomIn" name={m.playback.zoomIn} onClick={() => onZoom(0.5)} />
      <div role="group" aria-label={m.playback.spanLabel} className="flex rounded-lg border border-line-strong">
        {(["hour", "day", "week", "year"] as const).map((name) => {
          const chosen = Math.abs(spanOf(view) - SPANS_MS[name]) < 1000;
          return (
            <button
              key={name}
              type="button"
              aria-pressed={chosen}
              className={`min-h-9.5 px-2.5 text-sm first:rounded-l-[0.45rem] last:rounded-r-[0.45rem] ${chosen ? "bg-accent-wash font-medium text-accent" : "text-soft hover:bg-hover hover:text-ink"}`}
              onClick={() => onSpan(SPANS_MS[name])}
            >
              {m.playback.spans[name]}
            </button>
          );
        })}
      </div>
      <input
        type="date"
        aria-label={m.playback.dayPicker}
        title={m.playback.dayPicker}
        className={`${select} ml-auto`}
        value={dayValue(middle, zone)}
        max={dayValue(nowMs, zone)}
        onChange={(event) => event.target.value && onDay(event.target.value)}
      />
    </div>
  );
}
