import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { linksOf } from "../api/pending";
import { asProblem, problemWords } from "../api/problem";
import type { Camera } from "../api/types";
import { m } from "../messages";
import { formatBytes, formatDuration, formatInstant, formatStretch } from "../time/format";
import { Button } from "../ui/Button";
import { Card } from "../ui/Page";
import { Notice } from "../ui/States";
import { rangeQuery } from "./chunk";
import { downloadClip } from "./clip";
import type { ClipFacts } from "./clip-facts";
import type { Clip } from "./Timeline";
import type { View } from "./view";

/** The longest clip that the node makes. */
const CLIP_MAX_MS = 24 * 3_600_000;

interface Props {
  camera: Camera;
  zone: string;
  clip: Clip;
  onSeek: (ms: number) => void;
  onClear: () => void;
}

/** The clip between two marks: what it holds, and its download. */
export function ClipPanel({ camera, zone, clip, onSeek, onClear }: Props) {
  const { inMs, outMs } = clip;
  const range = inMs !== null && outMs !== null && outMs > inMs ? { fromMs: inMs, toMs: outMs } : null;
  const tooLong = range !== null && range.toMs - range.fromMs > CLIP_MAX_MS;
  return (
    <Card title={m.clip.title} aside={range && m.clip.length(formatDuration(range.toMs - range.fromMs))}>
      <dl className="grid gap-x-6 gap-y-1 text-sm sm:grid-cols-2">
        <End term={m.clip.begins} ms={inMs} zone={zone} onSeek={onSeek} />
        <End term={m.clip.ends} ms={outMs} zone={zone} onSeek={onSeek} />
      </dl>
      {range === null && <p className="mt-2 text-sm text-faint">{m.clip.help}</p>}
      {tooLong && <Notice className="mt-3">{m.clip.tooLong}</Notice>}
      {/* Another range is another download: what was told of the last one is not of this. */}
      <Download key={range ? `${range.fromMs}-${range.toMs}` : ""} camera={camera} zone={zone} range={tooLong ? null : range} onClear={onClear} />
    </Card>
  );
}

function End({ term, ms, zone, onSeek }: { term: string; ms: number | null; zone: string; onSeek: (ms: number) => void }) {
  return (
    <div className="flex items-baseline gap-2">
      <dt className="text-faint">{term}</dt>
      <dd className="tabular-nums">
        {ms === null ? (
          <span className="text-faint">{m.clip.notSet}</span>
        ) : (
          <button type="button" className="rounded underline decoration-line-strong underline-offset-3 hover:decoration-current" onClick={() => onSeek(ms)}>
            {formatInstant(ms, zone)}
          </button>
        )}
      </dd>
    </div>
  );
}

function Download({ camera, zone, range, onClear }: { camera: Camera; zone: string; range: View | null; onClear: () => void }) {
  const [facts, setFacts] = useState<ClipFacts | null>(null);
  const [bytes, setBytes] = useState(0);
  const running = useRef<AbortController | null>(null);
  const download = useMutation({
    mutationFn: (asked: View) => {
      const cancel = new AbortController();
      running.current = cancel;
      setFacts(null);
      setBytes(0);
      return downloadClip({
        cameraId: camera.id,
        url: linksOf(camera).export,
        query: rangeQuery(asked),
        range: asked,
        suggestedName: `${camera.name.replace(/[^\p{L}\p{N}_-]+/gu, "-").slice(0, 64) || camera.id}_${new Date(asked.fromMs).toISOString().slice(0, 19).replaceAll(":", "")}Z.mp4`,
        signal: cancel.signal,
        onFacts: setFacts,
        onBytes: setBytes,
      });
    },
  });
  useEffect(() => () => running.current?.abort(), []);
  const cancelled = download.error instanceof DOMException && download.error.name === "AbortError";
  const status = download.isError && !cancelled ? asProblem(download.error).status : 0;
  const words = status === 404 ? m.clip.nothing : status === 429 ? m.clip.busy : problemWords(download.error);
  return (
    <>
      <div className="mt-4 flex flex-wrap gap-2">
        {download.isPending ? (
          <Button onClick={() => running.current?.abort()}>{m.common.cancel}</Button>
        ) : (
          <Button data-download="" look="primary" icon="download" disabled={range === null} onClick={() => range && download.mutate(range)}>
            {m.clip.download}
          </Button>
        )}
        <Button look="quiet" disabled={download.isPending} onClick={onClear}>
          {m.clip.clear}
        </Button>
      </div>
      <div role="status" className="text-sm">
        {download.isPending && <Progress facts={facts} bytes={bytes} />}
        {cancelled && <p className="mt-3 text-soft">{m.clip.cancelled}</p>}
        {download.isSuccess && <p data-clip-end={download.data} className="mt-3 font-medium text-good">{download.data === "saved" ? m.clip.saved : m.clip.handedOver}</p>}
        {facts && !cancelled && <Holds facts={facts} zone={zone} />}
      </div>
      {download.isError && !cancelled && <Notice className="mt-3">{words}</Notice>}
    </>
  );
}

function Progress({ facts, bytes }: { facts: ClipFacts | null; bytes: number }) {
  const total = facts?.bytes ?? null;
  return (
    <div className="mt-3">
      <progress aria-label={m.clip.progressLabel} className="bar block h-2 w-full" {...(total === null ? {} : { value: bytes, max: total })} />
      <p className="mt-1.5 text-soft tabular-nums">{facts === null ? m.clip.starting : total === null ? formatBytes(bytes) : m.clip.progress(formatBytes(bytes), formatBytes(total))}</p>
    </div>
  );
}

function Holds({ facts, zone }: { facts: ClipFacts; zone: string }) {
  return (
    <div className="mt-3 text-soft">
      <p>{m.clip.covers(formatStretch(facts.fromMs, facts.toMs, zone))}</p>
      {facts.gapCount === 0 ? (
        <p className="mt-1">{m.clip.noGaps}</p>
      ) : (
        <>
          <p className="mt-1 text-bad">{m.clip.gaps(facts.gapCount)}</p>
          <ul className="mt-1 list-disc space-y-0.5 pl-5">
            {facts.gaps.map((gap) => (
              <li key={gap.fromMs}>
                <span>{(m.causes as Readonly<Record<string, string>>)[gap.cause] ?? m.causes.unknown}</span>
                <span className="ml-2 text-faint tabular-nums">{formatStretch(gap.fromMs, gap.toMs, zone)}</span>
              </li>
            ))}
          </ul>
          {facts.gapCount > facts.gaps.length && <p className="mt-1 text-faint">{m.clip.moreGaps(facts.gapCount - facts.gaps.length)}</p>}
        </>
      )}
    </div>
  );
}
