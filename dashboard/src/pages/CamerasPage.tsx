import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { Link, useSearchParams } from "react-router";

import { type CameraFilter, camerasQuery, labelsQuery, sitesQuery } from "../api/queries";
import type { Camera, CameraState } from "../api/types";
import { useMay } from "../auth/use-session";
import { BulkDialog } from "../bulk/BulkDialog";
import { isSelected, NONE, type Selection, sizeOf, toggled, withAll } from "../bulk/selection";
import { CameraDialog } from "../camera/CameraDialog";
import { m } from "../messages";
import { reasonWords } from "../status/reason";
import { StatusBadge } from "../status/StatusBadge";
import { useCameraStatus } from "../status/StatusProvider";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { Page } from "../ui/Page";
import { PagedList } from "../ui/PagedList";
import { SearchInput } from "../ui/SearchInput";
import { Empty } from "../ui/States";
import { useSettled } from "../ui/use-settled";

const STATES: readonly CameraState[] = ["online", "connecting", "silent", "refused", "offline", "disabled"];

export default function CamerasPage() {
  const may = useMay();
  const [params, setParams] = useSearchParams();
  const [adding, setAdding] = useState(false);
  const [search, setSearch] = useState(params.get("search") ?? "");
  const sites = useQuery(sitesQuery);
  const [selection, setSelection] = useState<Selection | null>(null);
  const [changing, setChanging] = useState(false);

  const set = (key: string, value: string) => {
    // "All that match" are others once the filters change.
    setSelection((before) => before && NONE);
    setParams(
      (before) => {
        const after = new URLSearchParams(before);
        if (value) after.set(key, value);
        else after.delete(key);
        return after;
      },
      { replace: true },
    );
  };
  const searched = params.get("search") ?? "";
  useSettled(search, searched, (text) => set("search", text));

  const state = STATES.find((known) => known === params.get("state"));
  const filter: CameraFilter = {
    search: searched,
    label: params.get("label") ?? "",
    site: params.get("site") ?? "",
    ...(state ? { state } : {}),
  };
  const filtered = searched !== "" || filter.label !== "" || filter.site !== "" || state !== undefined;
  const query = useInfiniteQuery(camerasQuery(useDeferredValue(filter)));
  const cameras = query.data?.pages.flatMap((page) => page.items) ?? [];
  const known = useQuery(labelsQuery).data ?? [];
  const labels = filter.label && !known.includes(filter.label) ? [filter.label, ...known] : known;
  const total = query.data?.pages.at(-1)?.total ?? 0;
  const clear = () => {
    setSelection((before) => before && NONE);
    setSearch("");
    setParams({}, { replace: true });
  };
  const control = "min-h-10.5 w-full rounded-lg border border-line-strong bg-surface px-3 text-sm sm:w-auto";

  return (
    <Page
      title={m.cameras.title}
      actions={
        may.edit && (
          <>
            {total > 0 && (
              <Button icon="check" aria-pressed={selection !== null} onClick={() => setSelection(selection ? null : NONE)}>
                {selection ? m.bulk.selecting : m.bulk.select}
              </Button>
            )}
            <Button look="primary" icon="plus" onClick={() => setAdding(true)}>
              {m.cameras.add}
            </Button>
          </>
        )
      }
    >
      <div className="mb-4 grid grid-cols-2 gap-2 sm:flex sm:flex-wrap">
        <SearchInput name={m.cameras.search} placeholder={m.cameras.searchPlaceholder} className="col-span-2 sm:min-w-64 sm:flex-1" value={search} onChange={setSearch} />
        <select aria-label={m.cameras.state} className={control} value={state ?? ""} onChange={(event) => set("state", event.target.value)}>
          <option value="">{m.cameras.anyState}</option>
          {STATES.map((word) => (
            <option key={word} value={word}>
              {m.states[word].label}
            </option>
          ))}
        </select>
        <select aria-label={m.cameras.label} className={`${control} sm:max-w-44`} value={filter.label} onChange={(event) => set("label", event.target.value)}>
          <option value="">{m.cameras.labelPlaceholder}</option>
          {labels.map((word) => (
            <option key={word} value={word}>
              {word}
            </option>
          ))}
        </select>
        {(sites.data?.length ?? 0) > 0 && (
          <select aria-label={m.cameras.site} className={`${control} sm:max-w-44`} value={filter.site} onChange={(event) => set("site", event.target.value)}>
            <option value="">{m.cameras.anySite}</option>
            {sites.data?.map((site) => (
              <option key={site.id} value={site.id}>
                {site.name}
              </option>
            ))}
          </select>
        )}
      </div>
      {selection && (
        <SelectionBar
          selection={selection}
          total={total}
          onShown={() => setSelection(withAll(selection, cameras.map((camera) => camera.id)))}
          onMatching={() => setSelection({ kind: "matching", total, except: new Set() })}
          onClear={() => setSelection(NONE)}
          onChange={() => setChanging(true)}
        />
      )}
      <PagedList
        query={query}
        caption={m.cameras.caption}
        empty={
          filtered ? (
            <Empty icon="search" title={m.cameras.noMatchTitle} text={m.cameras.noMatchText}>
              <Button onClick={clear}>{m.cameras.clear}</Button>
            </Empty>
          ) : (
            <Empty icon="camera" title={m.grid.emptyTitle} text={may.edit ? m.grid.emptyText : m.grid.emptyViewer}>
              {may.edit && (
                <Button look="primary" icon="plus" onClick={() => setAdding(true)}>
                  {m.grid.emptyAction}
                </Button>
              )}
            </Empty>
          )
        }
      >
        {(camera) => (
          <Row
            key={camera.id}
            camera={camera}
            site={sites.data?.find((site) => site.id === camera.site)?.name}
            selected={selection && isSelected(selection, camera.id)}
            onSelect={() => setSelection(toggled(selection ?? NONE, camera.id))}
          />
        )}
      </PagedList>
      {changing && selection && (
        <BulkDialog
          selection={selection}
          filter={filter}
          names={new Map(cameras.map((camera) => [camera.id, camera.name]))}
          onClose={(changed) => {
            setChanging(false);
            if (changed) setSelection(NONE);
          }}
        />
      )}
      {adding && <CameraDialog onClose={() => setAdding(false)} />}
    </Page>
  );
}

interface BarProps {
  selection: Selection;
  total: number;
  onShown: () => void;
  onMatching: () => void;
  onClear: () => void;
  onChange: () => void;
}

/** How many are selected, and what can be done about it; stays in reach while the list scrolls. */
function SelectionBar({ selection, total, onShown, onMatching, onClear, onChange }: BarProps) {
  const count = sizeOf(selection);
  return (
    <div className="sticky top-14 z-10 mb-3 flex flex-wrap items-center gap-2 rounded-xl border border-line bg-raised p-2 pl-4 text-sm shadow-card">
      <p role="status" className="min-w-full flex-1 py-1 sm:min-w-0">
        {count === 0 ? m.bulk.none : m.bulk.selected(count)}
      </p>
      {count > 0 && (
        <Button look="quiet" onClick={onClear}>
          {m.bulk.clear}
        </Button>
      )}
      <Button look="quiet" onClick={onShown}>
        {m.bulk.selectShown}
      </Button>
      <Button look="quiet" onClick={onMatching}>
        {m.bulk.selectMatching(total)}
      </Button>
      <Button look="primary" icon="edit" disabled={count === 0} onClick={onChange}>
        {m.bulk.change}
      </Button>
    </div>
  );
}

interface RowProps {
  camera: Camera;
  site: string | undefined;
  /** `null` while nothing can be selected. */
  selected: boolean | null;
  onSelect: () => void;
}

function Row({ camera, site, selected, onSelect }: RowProps) {
  const status = useCameraStatus(camera.id, camera.status);
  const { source } = camera;
  const where = source.type === "rtsp" ? source.url : source.type === "file" ? source.path : m.camera.publishes;
  const trouble = status.state !== "online" && status.state !== "disabled" && status.state !== "connecting";
  return (
    <li data-camera={camera.id} data-state={status.state} className="flex items-stretch">
      {selected !== null && (
        <label className="flex cursor-pointer items-center pl-4">
          <input type="checkbox" aria-label={m.bulk.selectOne(camera.name)} className="size-5 accent-accent-fill" checked={selected} onChange={onSelect} />
        </label>
      )}
      <Link to={`/cameras/${camera.id}`} className="flex min-w-0 flex-1 items-center gap-4 px-4 py-3 transition-colors hover:bg-hover focus-visible:outline-offset-[-2px]">
        <div className="min-w-0 flex-1">
          <p className="truncate font-medium">
            <bdi>{camera.name}</bdi>
          </p>
          <p className="truncate text-sm text-faint">{trouble && status.reason ? reasonWords(status.reason, m.states[status.state].label) : [site, where].filter(Boolean).join(" · ")}</p>
        </div>
        <div className="hidden max-w-72 flex-wrap justify-end gap-1.5 lg:flex">
          {camera.labels.slice(0, 4).map((word) => (
            <span key={word} className="max-w-32 truncate rounded-md bg-sunken px-2 py-0.5 text-[0.8125rem] text-soft">
              <bdi>{word}</bdi>
            </span>
          ))}
        </div>
        <StatusBadge state={status.state} />
        <Icon name="right" className="hidden size-4 text-faint sm:block" />
      </Link>
    </li>
  );
}
