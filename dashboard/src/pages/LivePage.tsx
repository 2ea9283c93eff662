import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useSearchParams } from "react-router";

import { camerasQuery, meQuery } from "../api/queries";
import { useMay } from "../auth/use-session";
import { CameraDialog } from "../camera/CameraDialog";
import { toggleFullscreen, useFullscreen } from "../live/fullscreen";
import { type Layout, LAYOUTS, layoutFor, pageCount, readLayout } from "../live/layout";
import { mayUseLowLatency, pageProtocol } from "../live/playlist";
import { Tile } from "../live/Tile";
import { m } from "../messages";
import { Button, ButtonLink, IconButton } from "../ui/Button";
import { useTitle } from "../ui/Page";
import { Empty, Failed } from "../ui/States";

const LAYOUT_KEY = "eyrie.layout";

export default function LivePage() {
  useTitle(m.grid.title);
  const [params, setParams] = useSearchParams();
  const label = params.get("label") ?? "";
  const query = useInfiniteQuery(camerasQuery(label ? { label } : {}));
  const [adding, setAdding] = useState(false);
  const page = Math.max(0, Number.parseInt(params.get("page") ?? "1", 10) - 1 || 0);

  const all = query.data?.pages.flatMap((p) => p.items) ?? [];
  const cameras = all.filter((camera) => camera.enabled);
  const total = query.data?.pages[0]?.total ?? 0;
  const layout = readLayout(params.get("layout")) ?? readLayout(localStorage.getItem(LAYOUT_KEY)) ?? layoutFor(total);
  // With pages still to come, those not loaded count as shown; once all are here, only those that are switched on.
  const pages = pageCount(query.hasNextPage ? total : cameras.length, layout);
  const current = Math.min(page, pages - 1);
  const shown = cameras.slice(current * layout, (current + 1) * layout);

  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const needsMore = hasNextPage && !isFetchingNextPage && cameras.length < (current + 1) * layout;
  useEffect(() => {
    if (needsMore) void fetchNextPage();
  }, [needsMore, fetchNextPage]);

  const change = (next: { layout?: Layout; page?: number; label?: string }) => {
    setParams(
      (before) => {
        const after = new URLSearchParams(before);
        if (next.layout !== undefined) {
          localStorage.setItem(LAYOUT_KEY, String(next.layout));
          after.set("layout", String(next.layout));
          after.delete("page");
        }
        if (next.page !== undefined) after.set("page", String(next.page + 1));
        if (next.label !== undefined) {
          after.delete("page");
          if (next.label) after.set("label", next.label);
          else after.delete("label");
        }
        return after;
      },
      { replace: true },
    );
  };

  const wall = useRef<HTMLDivElement>(null);
  const lowLatency = mayUseLowLatency(shown.length, pageProtocol());
  const labels = [...new Set([...all.flatMap((camera) => camera.labels), ...(label ? [label] : [])])].sort();

  if (query.isError && !query.data) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  if (query.data && total === 0 && !label) {
    return (
      <>
        <NoCameras onAdd={() => setAdding(true)} />
        {adding && <CameraDialog onClose={() => setAdding(false)} />}
      </>
    );
  }
  if (query.data && !query.hasNextPage && cameras.length === 0) {
    return (
      <Empty icon="power" title={m.grid.allOffTitle} text={m.grid.allOffText}>
        <ButtonLink look="primary" to="/cameras">
          {m.grid.allOffAction}
        </ButtonLink>
        {label && <Button onClick={() => change({ label: "" })}>{m.cameras.clear}</Button>}
      </Empty>
    );
  }
  return (
    <div ref={wall} className="flex min-h-0 flex-1 flex-col bg-canvas md:h-[calc(100dvh-3.5rem)] md:flex-none">
      <h1 className="sr-only">{m.grid.title}</h1>
      <div className="flex shrink-0 flex-wrap items-center gap-x-2 gap-y-1 px-3 py-2">
        <div role="radiogroup" aria-label={m.grid.layout} className="flex rounded-lg border border-line bg-surface p-0.5">
          {LAYOUTS.map((choice) => (
            <button
              key={choice}
              type="button"
              role="radio"
              aria-checked={choice === layout}
              aria-label={m.grid.layoutOf(choice)}
              title={m.grid.layoutOf(choice)}
              className={`flex h-9 w-9 items-center sm:w-11 justify-center rounded-md transition-colors ${choice === layout ? "bg-accent-wash text-accent" : "text-soft hover:bg-hover"}`}
              onClick={() => change({ layout: choice })}
            >
              <LayoutIcon side={Math.sqrt(choice)} />
            </button>
          ))}
        </div>
        {labels.length > 0 && (
          <select
            aria-label={m.grid.labelFilter}
            className="h-10 max-w-26 rounded-lg sm:max-w-44 border border-line bg-surface px-2.5 text-sm text-soft hover:text-ink"
            value={label}
            onChange={(event) => change({ label: event.target.value })}
          >
            <option value="">{m.grid.allLabels}</option>
            {labels.map((word) => (
              <option key={word} value={word}>
                {word}
              </option>
            ))}
          </select>
        )}
        <div className="ml-auto flex items-center sm:gap-1">
          {pages > 1 && (
            <>
              <IconButton icon="left" name={m.grid.previous} disabled={current === 0} onClick={() => change({ page: current - 1 })} />
              <span className="min-w-9 text-center sm:min-w-12 text-sm text-soft tabular-nums">{m.grid.page(current + 1, pages)}</span>
              <IconButton icon="right" name={m.grid.next} disabled={current >= pages - 1} onClick={() => change({ page: current + 1 })} />
            </>
          )}
          <FullscreenButton onToggle={() => wall.current && toggleFullscreen(wall.current)} />
        </div>
      </div>
      <div className="min-h-0 flex-1 px-1.5 pb-1.5">
        <div className="wall" data-layout={layout}>
          {query.isPending
            ? Array.from({ length: layout }, (_, slot) => <div key={slot} className="skeleton rounded-lg bg-sunken" />)
            : shown.map((camera) => <Tile key={camera.id} camera={camera} lowLatency={lowLatency} dense={layout >= 9} />)}
          {!query.isPending &&
            layout > 1 &&
            Array.from({ length: layout - shown.length }, (_, slot) => (
              <div key={slot} aria-hidden="true" className="hatch hidden rounded-lg border border-dashed border-line md:block" />
            ))}
        </div>
      </div>
    </div>
  );
}

function FullscreenButton({ onToggle }: { onToggle: () => void }) {
  const full = useFullscreen();
  if (!document.fullscreenEnabled) return null;
  return (
    <span className="hidden sm:block">
      <IconButton icon={full ? "shrink" : "expand"} name={full ? m.grid.exitFullscreen : m.grid.fullscreen} onClick={onToggle} />
    </span>
  );
}

function LayoutIcon({ side }: { side: number }) {
  const gap = 1.6;
  const cell = (20 - gap * (side - 1)) / side;
  return (
    <svg viewBox="0 0 20 20" className="size-4.5 fill-current" aria-hidden="true">
      {Array.from({ length: side * side }, (_, n) => (
        <rect key={n} x={(n % side) * (cell + gap)} y={Math.floor(n / side) * (cell + gap)} width={cell} height={cell} rx="1.2" />
      ))}
    </svg>
  );
}

function NoCameras({ onAdd }: { onAdd: () => void }) {
  const may = useMay();
  const me = useQuery(meQuery);
  if (me.isPending) return null;
  return (
    <Empty icon="camera" title={m.grid.emptyTitle} text={may.edit ? m.grid.emptyText : m.grid.emptyViewer}>
      {may.edit && (
        <Button look="primary" icon="plus" onClick={onAdd}>
          {m.grid.emptyAction}
        </Button>
      )}
    </Empty>
  );
}
