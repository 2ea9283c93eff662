import { useId, useState } from "react";

import { api, unwrap } from "../api/client";
import type { Camera, Marker } from "../api/types";
import { m } from "../messages";
import { formatInstant, formatStretch } from "../time/format";
import { CheckField, TextAreaField, TextField } from "../ui/Field";
import { FormDialog } from "../ui/FormDialog";
import { asCategory, CATEGORY } from "./category";
import type { View } from "./view";


interface Props {
  camera: Camera;
  zone: string;
  /** The one to change, or where to put a new one. */
  marker: Marker | { atMs: number };
  /** The clip, which a new one may mark as a whole. */
  clip: View | null;
  onClose: () => void;
}

/** Adds a marker, or changes one. */
export function MarkerDialog({ camera, zone, marker, clip, onClose }: Props) {
  const known = "id" in marker ? marker : null;
  const startMs = "id" in marker ? Date.parse(marker.start) : marker.atMs;
  const [title, setTitle] = useState(known?.title ?? "");
  const [category, setCategory] = useState(known?.category ?? m.markers.categories[0] ?? "");
  const [note, setNote] = useState(known?.note ?? "");
  const [whole, setWhole] = useState(clip !== null);
  const [tried, setTried] = useState(false);
  const listId = useId();
  const titleError = tried && title.trim() === "" ? m.markers.nameMissing : undefined;
  const categoryError = tried && !CATEGORY.test(category) ? m.markers.categoryBad : undefined;
  const marksClip = !known && clip !== null && whole;
  const save = async (): Promise<unknown> => {
    const words = { title: title.trim(), category, note: note.trim() === "" ? null : note.trim() };
    if (known) return unwrap(api.PATCH("/api/v1/cameras/{id}/markers/{marker}", { params: { path: { id: camera.id, marker: known.id } }, body: words }));
    const range = marksClip ? { start: new Date(clip.fromMs).toISOString(), end: new Date(clip.toMs).toISOString() } : { start: new Date(startMs).toISOString() };
    return unwrap(api.POST("/api/v1/cameras/{id}/markers", { params: { path: { id: camera.id } }, body: { ...range, ...words } }));
  };
  return (
    <FormDialog
      title={known ? m.markers.editTitle : m.markers.addTitle}
      submit={known ? m.common.save : m.markers.add}
      stale={[["markers"], ["timeline", camera.id]]}
      check={() => {
        setTried(true);
        return title.trim() !== "" && CATEGORY.test(category);
      }}
      save={save}
      onClose={onClose}
    >
      {(errors) => {
        const of = (field: string) => errors.find((error) => error.field === field)?.reason;
        return (
          <>
            <p className="text-sm text-soft tabular-nums">{marksClip ? formatStretch(clip.fromMs, clip.toMs, zone) : formatInstant(startMs, zone)}</p>
            <TextField
              label={m.markers.name}
              placeholder={m.markers.namePlaceholder}
              value={title}
              maxLength={120}
              error={titleError ?? of("title")}
              onChange={(event) => setTitle(event.target.value)}
            />
            <TextField
              label={m.markers.category}
              hint={m.markers.categoryHint}
              list={listId}
              value={category}
              maxLength={32}
              error={categoryError ?? of("category")}
              onChange={(event) => setCategory(asCategory(event.target.value))}
            />
            <datalist id={listId}>
              {m.markers.categories.map((known) => (
                <option key={known} value={known} />
              ))}
            </datalist>
            <TextAreaField label={m.markers.note} optional value={note} maxLength={4000} rows={3} error={of("note")} onChange={(event) => setNote(event.target.value)} />
            {!known && clip !== null && <CheckField label={m.markers.span} checked={whole} onChange={(event) => setWhole(event.target.checked)} />}
          </>
        );
      }}
    </FormDialog>
  );
}
