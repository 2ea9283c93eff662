import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, unwrap } from "../api/client";
import { problemWords } from "../api/problem";
import { meQuery } from "../api/queries";
import type { Camera, Marker } from "../api/types";
import { m } from "../messages";
import { formatInstant, formatStretch } from "../time/format";
import { Button, ButtonLink, IconButton } from "../ui/Button";
import { DeleteDialog } from "../ui/FormDialog";
import { Card } from "../ui/Page";
import { Notice } from "../ui/States";
import { MarkerDialog } from "./MarkerDialog";
import { markersQuery } from "./queries";
import type { View } from "./view";

interface Props {
  camera: Camera;
  zone: string;
  range: View;
  onSeek: (ms: number) => void;
  onAdd: () => void;
}

/** The markers of a range, to go to, change and delete. */
export function Markers({ camera, zone, range, onSeek, onAdd }: Props) {
  const query = useInfiniteQuery(markersQuery(camera, range));
  const me = useQuery(meQuery).data;
  const [dialog, setDialog] = useState<{ what: "edit" | "delete"; marker: Marker } | null>(null);
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  // The node decides anyway; this only hides what it would refuse.
  const mayChange = (marker: Marker): boolean => me !== undefined && (me.role !== "viewer" || marker.author_id === me.id);
  const close = () => setDialog(null);
  return (
    <Card
      title={m.markers.title}
      aside={
        <span className="-my-2 flex items-center gap-1">
          <ButtonLink look="quiet" icon="search" to="/markers">
            {m.markers.searchAll}
          </ButtonLink>
          <Button icon="flag" onClick={onAdd}>
            {m.markers.add}
          </Button>
        </span>
      }
    >
      {query.isError && <Notice>{problemWords(query.error)}</Notice>}
      {query.data && items.length === 0 && <p className="text-sm text-faint">{m.markers.empty}</p>}
      {items.length > 0 && (
        <ul className="divide-y divide-line">
          {items.map((marker) => (
            <li key={marker.id} data-marker={marker.id} className="flex items-center gap-2 py-1.5">
              <button type="button" className="-mx-2 min-w-0 flex-1 rounded-lg px-2 py-1.5 text-left hover:bg-hover" onClick={() => onSeek(Date.parse(marker.start))}>
                <span className="flex min-w-0 items-center gap-2">
                  <bdi className="truncate font-medium">{marker.title}</bdi>
                  <span className="rounded-md bg-warn-wash px-1.5 py-0.5 text-xs text-warn">{marker.category}</span>
                </span>
                <span className="block text-[0.8125rem] text-faint tabular-nums">
                  {marker.end && marker.end !== marker.start ? formatStretch(Date.parse(marker.start), Date.parse(marker.end), zone) : formatInstant(Date.parse(marker.start), zone)}
                </span>
                {marker.note && <span className="block text-sm break-words whitespace-pre-line text-soft">{marker.note}</span>}
              </button>
              {mayChange(marker) && (
                <>
                  <IconButton icon="edit" name={m.markers.edit(marker.title)} onClick={() => setDialog({ what: "edit", marker })} />
                  <IconButton icon="trash" name={m.markers.remove(marker.title)} onClick={() => setDialog({ what: "delete", marker })} />
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <Button className="mt-3" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {query.isFetchingNextPage ? m.common.loading : m.common.loadMore}
        </Button>
      )}
      {dialog?.what === "edit" && <MarkerDialog camera={camera} zone={zone} marker={dialog.marker} clip={null} onClose={close} />}
      {dialog?.what === "delete" && (
        <DeleteDialog
          title={m.markers.deleteTitle(dialog.marker.title)}
          text={m.markers.deleteText}
          action={m.markers.deleteConfirm}
          stale={[["markers"], ["timeline", camera.id]]}
          remove={() => unwrap(api.DELETE("/api/v1/cameras/{id}/markers/{marker}", { params: { path: { id: camera.id, marker: dialog.marker.id } } }))}
          onClose={close}
        />
      )}
    </Card>
  );
}
