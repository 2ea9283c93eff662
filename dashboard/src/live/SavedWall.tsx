import { useQueries, useQuery } from "@tanstack/react-query";
import { type DragEvent, useState } from "react";

import { api } from "../api/client";
import { layoutsQuery } from "../api/history";
import type { SavedLayout } from "../api/types";
import { unwrap } from "../api/client";
import { asProblem, Problem, problemWords } from "../api/problem";
import { cameraQuery, pickQuery } from "../api/queries";
import type { Camera } from "../api/types";
import { m } from "../messages";
import { Button } from "../ui/Button";
import { TextField } from "../ui/Field";
import { DeleteDialog, FormDialog } from "../ui/FormDialog";
import { Notice } from "../ui/States";
import { placed, type Slots, swapped } from "./arrangement";
import { type Layout, PLAYING_MAX } from "./layout";
import { Tile } from "./Tile";

interface ChooserProps {
  /** The id of the layout shown; empty for every camera in turn. */
  value: string;
  onChange: (layout: SavedLayout | null) => void;
}

/** Chooses one of the caller's saved layouts. */
export function LayoutChooser({ value, onChange }: ChooserProps) {
  const layouts = useQuery(layoutsQuery);
  if (!layouts.data?.length) return null;
  return (
    <select
      aria-label={m.wall.layouts}
      className="h-10 max-w-32 rounded-lg border border-line bg-surface px-2.5 text-sm text-soft hover:text-ink sm:max-w-52"
      value={value}
      onChange={(event) => onChange(layouts.data.find((layout) => layout.id === event.target.value) ?? null)}
    >
      <option value="">{m.wall.everyCamera}</option>
      {layouts.data.map((layout) => (
        <option key={layout.id} value={layout.id}>
          {layout.name}
        </option>
      ))}
    </select>
  );
}

interface WallProps {
  slots: Slots;
  layout: Layout;
  lowLatency: boolean;
  /** Called with the new arrangement; without it tiles stay where they are. */
  onArrange?: ((slots: Slots) => void) | undefined;
}

/** A wall with a camera, or none, in each tile. */
export function SavedWall({ slots, layout, lowLatency, onArrange }: WallProps) {
  const ids = slots.filter((id) => id !== null);
  const found = useQueries({ queries: ids.map((id) => cameraQuery(id)) });
  const [search, setSearch] = useState("");
  const choices = useQuery({ ...pickQuery(search), enabled: onArrange !== undefined });
  const byId = new Map<string, Camera>();
  for (const camera of [...(choices.data?.items ?? []), ...found.flatMap((query) => (query.data ? [query.data] : []))]) byId.set(camera.id, camera);
  const gone = new Set(ids.filter((_, n) => found[n]?.isError && asProblem(found[n].error).status === 404));
  const more = (choices.data?.total ?? 0) - (choices.data?.items.length ?? 0);

  const drop = (event: DragEvent, to: number) => {
    event.preventDefault();
    const from = Number.parseInt(event.dataTransfer.getData("text/plain"), 10);
    if (from >= 0 && from < slots.length && from !== to) onArrange?.(swapped(slots, from, to));
  };
  return (
    <>
      {onArrange && (
        <div className="flex flex-wrap items-center gap-2 px-1.5 pb-2 text-sm text-soft">
          <input
            type="search"
            aria-label={m.wall.search}
            placeholder={m.wall.searchPlaceholder}
            className="h-10 w-full rounded-lg border border-line-strong bg-surface px-3 sm:w-56"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
          <p className="min-w-0 sm:flex-1">{more > 0 ? m.wall.moreMatch(more) : m.wall.arrangeHint}</p>
        </div>
      )}
      <div className="wall min-h-0 flex-1" data-layout={layout}>
        {slots.map((id, slot) => {
          const camera = id === null ? undefined : byId.get(id);
          // Dragging is the second way: the choice inside does the same by keyboard and touch.
          return (
            // eslint-disable-next-line jsx-a11y/no-static-element-interactions
            <div
              key={slot}
              className={`relative min-h-0 min-w-0 ${camera ? "" : "hatch rounded-lg border border-dashed border-line"} ${camera || onArrange ? "" : "hidden md:block"}`}
              draggable={onArrange !== undefined}
              onDragStart={(event) => event.dataTransfer.setData("text/plain", String(slot))}
              onDragOver={(event) => onArrange && event.preventDefault()}
              onDrop={(event) => drop(event, slot)}
            >
              {camera && <Tile camera={camera} lowLatency={lowLatency} dense={layout >= 8} still={slot >= PLAYING_MAX} fill />}
              {id !== null && gone.has(id) && <p className="absolute inset-0 flex items-center justify-center p-2 text-center text-xs text-soft">{m.wall.gone}</p>}
              {onArrange && (
                <select
                  aria-label={m.wall.choose(slot + 1)}
                  className="absolute inset-x-1.5 top-1.5 h-9 rounded-lg border border-line-strong bg-raised px-2 text-sm text-ink"
                  value={id ?? ""}
                  onChange={(event) => onArrange(placed(slots, event.target.value || null, slot))}
                >
                  <option value="">{m.wall.free}</option>
                  {[...byId.values()].map((choice) => (
                    <option key={choice.id} value={choice.id}>
                      {choice.name}
                    </option>
                  ))}
                </select>
              )}
            </div>
          );
        })}
      </div>
    </>
  );
}

interface SaveProps {
  /** The layout to change; `null` for a new one. */
  saved: SavedLayout | null;
  slots: Slots;
  layout: Layout;
  onSaved: (layout: SavedLayout) => void;
  onClose: () => void;
}

/** Saves an arrangement under a name. */
export function SaveLayout({ saved, slots, layout, onSaved, onClose }: SaveProps) {
  const [name, setName] = useState(saved?.name ?? "");
  const save = async () => {
    const body = { name: name.trim(), tiles: layout, cameras: [...slots] };
    if (body.name === "") throw new Problem("invalid_fields", 422, "", null, [{ field: "name", reason: m.wall.nameMissing }]);
    const call = saved ? api.PUT("/api/v1/layouts/{id}", { params: { path: { id: saved.id } }, body }) : api.POST("/api/v1/layouts", { body });
    onSaved(await unwrap(call));
  };
  return (
    <FormDialog title={m.wall.save} submit={m.wall.save} stale={[layoutsQuery.queryKey]} save={save} onClose={onClose}>
      {(errors) => (
        <TextField
          label={m.wall.name}
          placeholder={m.wall.namePlaceholder}
          maxLength={128}
          value={name}
          onChange={(event) => setName(event.target.value)}
          error={errors.find((error) => error.field === "name")?.reason}
        />
      )}
    </FormDialog>
  );
}

export function DeleteLayout({ layout, onDeleted, onClose }: { layout: SavedLayout; onDeleted: () => void; onClose: () => void }) {
  const remove = async () => {
    await unwrap(api.DELETE("/api/v1/layouts/{id}", { params: { path: { id: layout.id } } }));
    onDeleted();
  };
  return (
    <DeleteDialog title={m.wall.removeTitle(layout.name)} text={m.wall.removeText} action={m.wall.remove} stale={[layoutsQuery.queryKey]} remove={remove} onClose={onClose} />
  );
}

/** Why saved layouts cannot be shown, where they cannot. */
export function LayoutsTrouble() {
  const layouts = useQuery(layoutsQuery);
  if (!layouts.isError) return null;
  return (
    <Notice tone="warn" className="mx-1.5 mb-2">
      <p>{asProblem(layouts.error).status === 404 ? m.wall.notOffered : problemWords(layouts.error)}</p>
      <Button className="mt-2" onClick={() => void layouts.refetch()}>
        {m.common.retry}
      </Button>
    </Notice>
  );
}
