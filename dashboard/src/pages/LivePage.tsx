import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useSearchParams } from "react-router";

import { layoutsQuery } from "../api/history";
import { camerasQuery, labelsQuery, meQuery } from "../api/queries";
import { useMay } from "../auth/use-session";
import { CameraDialog } from "../camera/CameraDialog";
import { toggleFullscreen, useFullscreen } from "../live/fullscreen";
import { GRID, type Layout, LAYOUTS, layoutFor, layoutOfKey, pageCount, PLAYING_MAX, readLayout, tileOfArrow } from "../live/layout";
import { mayUseLowLatency, pageProtocol } from "../live/playlist";
import { resized, type Slots } from "../live/arrangement";
import { DeleteLayout, LayoutChooser, LayoutsTrouble, SavedWall, SaveLayout } from "../live/SavedWall";
import { Tile } from "../live/Tile";
import { m } from "../messages";
import { Button, ButtonLink, IconButton } from "../ui/Button";
import { useTitle } from "../ui/Page";
import { Empty, Failed, Notice } from "../ui/States";

const LAYOUT_KEY = "eyrie.layout";
/** How long a page stays while pages turn by themselves. */
const TURN_MS = 15_000;

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
  const wallId = params.get("wall") ?? "";
  const layouts = useQuery(layoutsQuery);
  const saved = layouts.data?.find((one) => one.id === wallId) ?? null;
  const [draft, setDraft] = useState<Slots | null>(null);
  const [dialog, setDialog] = useState<"save" | "delete" | null>(null);
  const layout = readLayout(params.get("layout")) ?? readLayout(localStorage.getItem(LAYOUT_KEY)) ?? layoutFor(total);
  // With pages still to come, those not loaded count as shown; once all are here, only those that are switched on.
  const pages = pageCount(query.hasNextPage ? total : cameras.length, layout);
  const current = Math.min(page, pages - 1);
  const shown = cameras.slice(current * layout, (current + 1) * layout);
  const arranged = draft ?? (saved ? saved.cameras : null);
  const slots = arranged && resized(arranged, layout);

  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const needsMore = hasNextPage && !isFetchingNextPage && cameras.length < (current + 1) * layout;
  useEffect(() => {
    if (needsMore) void fetchNextPage();
  }, [needsMore, fetchNextPage]);

  const change = (next: { layout?: Layout; page?: number; label?: string; wall?: string }) => {
    setParams(
      (before) => {
        const after = new URLSearchParams(before);
        if (next.layout !== undefined) {
          localStorage.setItem(LAYOUT_KEY, String(next.layout));
          after.set("layout", String(next.layout));
          after.delete("page");
        }
        if (next.wall !== undefined) {
          after.delete("page");
          if (next.wall) after.set("wall", next.wall);
          else after.delete("wall");
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
  const [turning, setTurning] = useState(false);
  useEffect(() => {
    if (!turning || slots || pages < 2) return;
    const timer = setTimeout(() => change({ page: (current + 1) % pages }), TURN_MS);
    return () => clearTimeout(timer);
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : null;
      if (event.ctrlKey || event.metaKey || event.altKey || target?.closest("input, select, textarea, dialog, [role=radiogroup]")) return;
      const chosen = layoutOfKey(event.key);
      const tiles = [...(wall.current?.querySelectorAll<HTMLElement>("[data-tile]") ?? [])];
      if (chosen) change({ layout: chosen });
      else if (event.key.toLowerCase() === "f" && wall.current) toggleFullscreen(wall.current);
      else if (!slots && event.key === "PageDown" && current < pages - 1) change({ page: current + 1 });
      else if (!slots && event.key === "PageUp" && current > 0) change({ page: current - 1 });
      else if (event.key.startsWith("Arrow") && tiles.length > 0) {
        const at = tiles.findIndex((tile) => tile === document.activeElement);
        const boxes = tiles.map((tile) => tile.getBoundingClientRect());
        tiles[at < 0 ? 0 : tileOfArrow(event.key, at, boxes)]?.focus();
      } else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
  const lowLatency = mayUseLowLatency(slots ? slots.filter((id) => id !== null).length : shown.length, pageProtocol());
  const known = useQuery(labelsQuery).data ?? [];
  const labels = label && !known.includes(label) ? [label, ...known] : known;

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
      <p className="sr-only">{m.wall.keys}</p>
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
              className={`flex h-9 w-8 items-center sm:w-11 justify-center rounded-md transition-colors ${choice === layout ? "bg-accent-wash text-accent" : "text-soft hover:bg-hover"}`}
              onClick={() => change({ layout: choice })}
            >
              <LayoutIcon layout={choice} />
            </button>
          ))}
        </div>
        <LayoutChooser
          value={saved?.id ?? ""}
          onChange={(next) => {
            setDraft(null);
            const tiles = readLayout(next ? String(next.tiles) : null);
            change({ wall: next?.id ?? "", ...(tiles ? { layout: tiles } : {}) });
          }}
        />
        {!slots && labels.length > 0 && (
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
          {draft ? (
            <>
              <Button look="primary" onClick={() => setDialog("save")}>
                {saved ? m.wall.update : m.wall.save}
              </Button>
              <IconButton icon="close" name={m.wall.done} onClick={() => setDraft(null)} />
            </>
          ) : (
            <>
              <Button look="quiet" icon="edit" title={m.wall.arrangeLead} aria-label={m.wall.arrange} onClick={() => setDraft(slots ?? resized(shown.map((camera) => camera.id), layout))}>
                <span className="hidden lg:inline">{m.wall.arrange}</span>
              </Button>
              {saved && <IconButton icon="trash" name={m.wall.remove} onClick={() => setDialog("delete")} />}
            </>
          )}
          {!slots && pages > 1 && (
            <>
              <IconButton icon={turning ? "pause" : "live"} name={turning ? m.wall.stopRotating : m.wall.rotate} aria-pressed={turning} onClick={() => setTurning(!turning)} />
              <IconButton icon="left" name={m.grid.previous} disabled={current === 0} onClick={() => change({ page: current - 1 })} />
              <span className="min-w-9 text-center sm:min-w-12 text-sm text-soft tabular-nums">{m.grid.page(current + 1, pages)}</span>
              <IconButton icon="right" name={m.grid.next} disabled={current >= pages - 1} onClick={() => change({ page: current + 1 })} />
            </>
          )}
          <FullscreenButton onToggle={() => wall.current && toggleFullscreen(wall.current)} />
        </div>
      </div>
      {(draft || wallId) && <LayoutsTrouble />}
      {wallId && layouts.data && !saved && <Notice tone="warn" className="mx-1.5 mb-2">{m.wall.goneText}</Notice>}
      <div className={`min-h-0 flex-1 px-1.5 pb-1.5 ${slots ? "flex flex-col" : ""}`}>
        {slots ? (
          <SavedWall slots={slots} layout={layout} lowLatency={lowLatency} onArrange={draft ? setDraft : undefined} />
        ) : (
          <div className="wall" data-layout={layout}>
            {query.isPending
              ? Array.from({ length: layout }, (_, slot) => <div key={slot} className="skeleton rounded-lg bg-sunken" />)
              : shown.map((camera, slot) => <Tile key={camera.id} camera={camera} lowLatency={lowLatency} dense={layout >= 8} still={slot >= PLAYING_MAX} />)}
            {!query.isPending &&
              layout > 1 &&
              Array.from({ length: layout - shown.length }, (_, slot) => (
                <div key={slot} aria-hidden="true" className="hatch hidden rounded-lg border border-dashed border-line md:block" />
              ))}
          </div>
        )}
      </div>
      {dialog === "save" && slots && (
        <SaveLayout
          saved={saved}
          slots={slots}
          layout={layout}
          onSaved={(next) => {
            setDraft(null);
            change({ wall: next.id });
          }}
          onClose={() => setDialog(null)}
        />
      )}
      {dialog === "delete" && saved && <DeleteLayout layout={saved} onDeleted={() => change({ wall: "" })} onClose={() => setDialog(null)} />}
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

function LayoutIcon({ layout }: { layout: Layout }) {
  const [columns, rows] = GRID[layout];
  const gap = layout === 32 ? 0.8 : 1.6;
  const width = (20 - gap * (columns - 1)) / columns;
  const height = (20 - gap * (rows - 1)) / rows;
  // The large tile of eight covers three columns and rows of its grid.
  const covered = (n: number) => layout === 8 && n % columns < 3 && n < columns * 3;
  return (
    <svg viewBox="0 0 20 20" className="size-4.5 fill-current" aria-hidden="true">
      {layout === 8 && <rect width={width * 3 + gap * 2} height={height * 3 + gap * 2} rx="1.2" />}
      {Array.from({ length: columns * rows }, (_, n) =>
        covered(n) ? null : (
          <rect key={n} x={(n % columns) * (width + gap)} y={Math.floor(n / columns) * (height + gap)} width={width} height={height} rx={layout === 32 ? 0.5 : 1.2} />
        ),
      )}
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
