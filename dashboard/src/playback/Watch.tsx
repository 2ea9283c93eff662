import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useSearchParams } from "react-router";

import { problemWords } from "../api/problem";
import { recordedDayQuery } from "../api/queries";
import type { Camera } from "../api/types";
import { m } from "../messages";
import { formatDateTime, formatPercent } from "../time/format";
import { dayRange } from "../time/zone";
import { useNow } from "../time/use-now";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { Card } from "../ui/Page";
import { Notice } from "../ui/States";
import { ClipPanel } from "./ClipPanel";
import { GapList } from "./GapList";
import { MarkerDialog } from "./MarkerDialog";
import { Markers } from "./Markers";
import { Picture } from "./Picture";
import type { PlaybackControl } from "./PlaybackVideo";
import type { Jump, PlaybackState } from "./player";
import { nextFootage, overviewQuery, timelineQuery } from "./queries";
import { ShortcutsDialog } from "./ShortcutsDialog";
import { type Speed, stepSpeed } from "./speed";
import { footageNear, hasFootage, piecesOf } from "./strip";
import { type Clip, Timeline } from "./Timeline";
import { LookBar, SKIP_MS, Transport } from "./Transport";
import { useJumpNotice } from "./use-jump-notice";
import { useShortcuts } from "./use-shortcuts";
import { useTimelineView } from "./use-timeline-view";
import { following, showing, windowOf, zoomed } from "./view";

/** Closer to now than this there is no footage yet: going there is going live. */
const LIVE_EDGE_MS = 3_000;
/** Where looking back from live begins: what is younger may still be on its way to the disk. */
const JUST_NOW_MS = 15_000;
/** What is shown before footage ends, when somebody goes to the nearest. */
const LEAD_MS = 30_000;

type Begin = { atMs: number; speed: Speed; playing: boolean };

/** A camera's picture with its past: live, the timeline, playing, clips and markers. */
export function Watch({ camera, zone }: { camera: Camera; zone: string }) {
  const queries = useQueryClient();
  const now = useNow(1_000);
  const [search, setSearch] = useSearchParams();
  const [speed, setSpeed] = useState<Speed>(1);
  const [begin, setBegin] = useState<Begin | null>(() => {
    const atMs = Date.parse(search.get("at") ?? "");
    return Number.isNaN(atMs) ? null : { atMs, speed: 1, playing: true };
  });
  const [state, setState] = useState<PlaybackState | null>(null);
  const [scrub, setScrub] = useState<{ ms: number; picture: string | null } | null>(null);
  const [clip, setClip] = useState<Clip>({ inMs: null, outMs: null });
  const [dialog, setDialog] = useState<{ what: "keys" } | { what: "marker"; atMs: number } | null>(null);
  const control = useRef<PlaybackControl>(null);
  const [notice, say] = useJumpNotice(camera);
  const [view, setView] = useTimelineView(now, begin?.atMs ?? null, Date.parse(camera.created_at));

  const window = windowOf(view);
  const timeline = useQuery(timelineQuery(camera, window));
  const overview = useQuery(overviewQuery(camera));
  const items = timeline.data?.items ?? [];
  const live = begin === null;
  const atMs = scrub?.ms ?? (live ? now : (state?.atMs ?? begin.atMs));
  const playing = live || !state || (state.phase !== "paused" && state.phase !== "nothing");
  const oldest = overview.data?.items.find(hasFootage)?.start;
  const hasRecorded = !overview.data || overview.data.items.some(hasFootage) || items.some(hasFootage);

  const remember = (ms: number | null) =>
    setSearch((old) => {
      const next = new URLSearchParams(old);
      if (ms === null) next.delete("at");
      else next.set("at", new Date(ms).toISOString());
      return next;
    }, { replace: true });
  const goLive = () => {
    setBegin(null);
    setState(null);
    setSpeed(1);
    setView(showing(view, Date.now(), Date.now()));
    remember(null);
  };
  const goTo = (ms: number, play = playing) => {
    if (ms > Date.now() - LIVE_EDGE_MS) {
      goLive();
      return;
    }
    setView(showing(view, ms, Date.now()));
    remember(ms);
    if (live) {
      setState(null);
      setBegin({ atMs: ms, speed, playing: play });
    } else control.current?.seek(ms);
  };
  const skip = (byMs: number) => {
    if (!live) goTo(atMs + byMs);
    else if (byMs < 0) goTo(Date.now() - JUST_NOW_MS, true);
  };
  const toggle = () => {
    if (live) goTo(Date.now() - JUST_NOW_MS, false);
    else control.current?.toggle();
  };
  const changeSpeed = (next: Speed) => {
    if (live || next === speed) return;
    setSpeed(next);
    control.current?.setSpeed(next);
  };
  const step = (by: 1 | -1) => {
    if (live) goTo(Date.now() - JUST_NOW_MS, false);
    else control.current?.step(by);
  };
  const mark = (end: "in" | "out") => {
    if (live) return;
    if (end === "in") setClip({ inMs: atMs, outMs: clip.outMs !== null && clip.outMs > atMs ? clip.outMs : null });
    else setClip({ inMs: clip.inMs !== null && clip.inMs < atMs ? clip.inMs : null, outMs: atMs });
  };
  const zoom = (factor: number) => {
    const anchor = atMs >= view.fromMs && atMs <= view.toMs ? atMs : (view.fromMs + view.toMs) / 2;
    setView(zoomed(view, factor, anchor, now));
  };
  const addMarker = () => {
    if (!live) control.current?.pause();
    setDialog({ what: "marker", atMs: Math.round(atMs) });
  };
  const nearest = () => {
    const known = overview.data?.items ?? [];
    const ms = footageNear(known, Math.min(now, (view.fromMs + view.toMs) / 2), LEAD_MS);
    if (ms !== null) goTo(ms, true);
  };
  const onState = (next: PlaybackState) => {
    setState(next);
    if (next.phase === "playing") setView((current) => following(current, next.atMs, Date.now()));
  };
  const onJump = (jump: Jump) => {
    say.jump(jump);
    setView((current) => showing(current, jump.toMs, Date.now()));
  };

  useShortcuts({
    " ": toggle,
    k: toggle,
    arrowleft: () => skip(-SKIP_MS),
    arrowright: () => skip(SKIP_MS),
    "shift+arrowleft": () => step(-1),
    "shift+arrowright": () => step(1),
    j: () => changeSpeed(stepSpeed(speed, -1)),
    l: () => changeSpeed(stepSpeed(speed, 1)),
    i: () => mark("in"),
    o: () => mark("out"),
    m: addMarker,
    "+": () => zoom(0.5),
    "=": () => zoom(0.5),
    "-": () => zoom(2),
    home: goLive,
    "?": () => setDialog({ what: "keys" }),
  });

  const clipRange = clip.inMs !== null && clip.outMs !== null ? { fromMs: clip.inMs, toMs: clip.outMs } : null;
  const nothingInView = timeline.data && !timeline.isPlaceholderData && !piecesOf(items.filter(hasFootage), view).length;
  return (
    <>
      <Picture
        camera={camera}
        zone={zone}
        begin={begin}
        state={state}
        scrub={scrub}
        notice={notice}
        control={control}
        onState={onState}
        onJump={onJump}
        onCaughtUp={() => {
          say.words(m.playback.caughtUp);
          goLive();
        }}
        footageAfter={(ms) => nextFootage(queries, camera, ms)}
      />
      <Card title={m.playback.title} aside={<Coverage camera={camera} />}>
        {hasRecorded ? (
          <div className="space-y-3">
            <Transport
              live={live}
              playing={playing}
              speed={speed}
              frames={!state?.keyframes}
              onToggle={toggle}
              onSkip={skip}
              onStep={step}
              onSpeed={changeSpeed}
              onLive={goLive}
              onIn={() => mark("in")}
              onOut={() => mark("out")}
              onMarker={addMarker}
              onShortcuts={() => setDialog({ what: "keys" })}
            />
            {timeline.isError && <Notice>{problemWords(timeline.error)}</Notice>}
            <div className="relative">
              <Timeline
                view={view}
                nowMs={now}
                zone={zone}
                items={items}
                markers={timeline.data?.markers ?? []}
                clip={clip}
                atMs={atMs}
                thumbnailUrl={camera.links.thumbnail}
                onView={setView}
                onSeek={goTo}
                onScrub={setScrub}
                onClip={setClip}
                onFlag={(flag) => goTo(flag.startMs)}
              />
              {nothingInView && (
                <div className="pointer-events-none absolute inset-x-0 top-8 flex h-16 flex-wrap items-center justify-center gap-x-3 gap-y-1 text-sm text-soft">
                  <span>{m.playback.nothingHere}</span>
                  <Button className="pointer-events-auto min-h-8! py-1!" onClick={nearest}>
                    {m.playback.toNearest}
                  </Button>
                </div>
              )}
            </div>
            <LookBar
              view={view}
              zone={zone}
              nowMs={now}
              atMs={atMs}
              onZoom={zoom}
              onSpan={(spanMs) => zoom(spanMs / (view.toMs - view.fromMs))}
              onDay={(day) => {
                const range = dayRange(day, zone);
                if (range) setView(range);
              }}
            />
            <GapList items={items} view={view} zone={zone} onSeek={goTo} />
            <p className="text-[0.8125rem] text-faint">
              {camera.recording.mode === "off" && `${m.playback.offNow} `}
              {oldest !== undefined && `${m.playback.oldest(formatDateTime(Date.parse(oldest), zone))} `}
              {m.playback.zone(zone)}
            </p>
          </div>
        ) : (
          <div className="flex flex-col items-center px-4 py-8 text-center">
            <Icon name="camera" className="mb-3 size-8 text-faint" />
            <p className="font-medium">{m.playback.noneTitle}</p>
            <p className="mt-1 max-w-md text-sm text-soft">{camera.recording.mode === "off" ? m.playback.noneOff : m.playback.noneText}</p>
          </div>
        )}
      </Card>
      {(clip.inMs !== null || clip.outMs !== null) && (
        <ClipPanel camera={camera} zone={zone} clip={clip} onSeek={goTo} onClear={() => setClip({ inMs: null, outMs: null })} />
      )}
      {hasRecorded && <Markers camera={camera} zone={zone} range={window} onSeek={goTo} onAdd={addMarker} />}
      {dialog?.what === "keys" && <ShortcutsDialog onClose={() => setDialog(null)} />}
      {dialog?.what === "marker" && <MarkerDialog camera={camera} zone={zone} marker={{ atMs: dialog.atMs }} clip={clipRange} onClose={() => setDialog(null)} />}
    </>
  );
}

function Coverage({ camera }: { camera: Camera }) {
  const { data } = useQuery(recordedDayQuery(camera.id));
  const percent = data ? formatPercent(data.durable_s, data.expected_s) : "";
  return percent && m.playback.coverage(percent);
}
