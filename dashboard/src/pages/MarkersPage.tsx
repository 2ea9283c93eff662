import { useInfiniteQuery, useQueries, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useRef, useState } from "react";
import { Link, useSearchParams } from "react-router";

import { momentQuery } from "../api/history";
import { problemWords } from "../api/problem";
import { cameraQuery, sitesQuery } from "../api/queries";
import type { Marker } from "../api/types";
import { useOnScreen } from "../live/use-on-screen";
import { m } from "../messages";
import { asCategory, CATEGORY } from "../playback/category";
import { markerSearchQuery } from "../playback/queries";
import { formatInstant, knownZone } from "../time/format";
import { BlobImage } from "../ui/BlobImage";
import { Button, ButtonLink } from "../ui/Button";
import { Page } from "../ui/Page";
import { SearchInput } from "../ui/SearchInput";
import { Empty, Failed, Loading, Notice } from "../ui/States";
import { useSettled } from "../ui/use-settled";

/** Finds again, over all cameras, what somebody marked. */
export default function MarkersPage() {
  const [params, setParams] = useSearchParams();
  const searched = params.get("search") ?? "";
  const chosen = params.get("category") ?? "";
  const [search, setSearch] = useState(searched);
  const [category, setCategory] = useState(chosen);
  const set = (key: string, value: string) =>
    setParams(
      (before) => {
        const after = new URLSearchParams(before);
        if (value) after.set(key, value);
        else after.delete(key);
        return after;
      },
      { replace: true },
    );
  useSettled(search, searched, (text) => set("search", text));
  // Half a category is none; the node would refuse it.
  useSettled(category, chosen, (text) => (text === "" || CATEGORY.test(text)) && set("category", text));

  const query = useInfiniteQuery(markerSearchQuery(useDeferredValue({ search: searched, category: chosen })));
  const markers = query.data?.pages.flatMap((page) => page.items) ?? [];
  const ids = [...new Set(markers.map((marker) => marker.camera))];
  const cameras = useQueries({ queries: ids.map((id) => ({ ...cameraQuery(id), staleTime: 60_000 })) });
  const sites = useQuery(sitesQuery);
  const cameraOf = (id: string) => cameras[ids.indexOf(id)];
  const clear = () => {
    setSearch("");
    setCategory("");
    setParams({}, { replace: true });
  };
  return (
    <Page title={m.markers.searchTitle}>
      <div className="mb-4 grid gap-2 sm:flex">
        <SearchInput name={m.markers.search} placeholder={m.markers.searchPlaceholder} className="sm:flex-1" value={search} onChange={setSearch} />
        <input
          aria-label={m.markers.category}
          placeholder={m.markers.anyCategory}
          list="marker-categories"
          maxLength={32}
          autoComplete="off"
          className="min-h-10.5 rounded-lg border border-line-strong bg-surface px-3 text-sm sm:w-48"
          value={category}
          onChange={(event) => setCategory(asCategory(event.target.value))}
        />
        <datalist id="marker-categories">
          {m.markers.categories.map((known) => (
            <option key={known} value={known} />
          ))}
        </datalist>
      </div>
      {query.isError && !query.data ? (
        <Failed error={query.error} onRetry={() => void query.refetch()} />
      ) : !query.data ? (
        <Loading />
      ) : markers.length > 0 ? (
        <ul aria-label={m.markers.caption} className="divide-y divide-line overflow-hidden rounded-2xl border border-line bg-surface shadow-card">
          {markers.map((marker) => {
            const camera = cameraOf(marker.camera);
            const site = sites.data?.find((known) => known.id === camera?.data?.site);
            const name = camera?.data?.name ?? (camera?.isError ? m.markers.cameraGone : "");
            return <Found key={marker.id} marker={marker} camera={name} zone={knownZone(site?.zone)} />;
          })}
        </ul>
      ) : query.hasNextPage ? (
        <p className="py-8 text-center text-soft">{m.markers.noneYet}</p>
      ) : searched || chosen ? (
        <Empty icon="search" title={m.markers.noMatchTitle} text={m.markers.noMatchText}>
          <Button onClick={clear}>{m.markers.clear}</Button>
        </Empty>
      ) : (
        <Empty icon="flag" title={m.markers.noneTitle} text={m.markers.noneText}>
          <ButtonLink look="primary" icon="camera" to="/cameras">
            {m.markers.noneAction}
          </ButtonLink>
        </Empty>
      )}
      {query.hasNextPage && (
        <div className="mt-4 flex flex-col items-center gap-3">
          {query.isFetchNextPageError && <Notice>{problemWords(query.error)}</Notice>}
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {query.isFetchingNextPage ? m.common.loading : m.markers.searchOlder}
          </Button>
        </div>
      )}
    </Page>
  );
}

/** A marker with its picture; leads to where it is. */
function Found({ marker, camera, zone }: { marker: Marker; camera: string; zone: string }) {
  const row = useRef<HTMLLIElement>(null);
  const onScreen = useOnScreen(row);
  const picture = useQuery({ ...momentQuery(marker.camera, marker.start), enabled: onScreen });
  return (
    <li ref={row} data-marker={marker.id}>
      <Link to={`/cameras/${marker.camera}?at=${encodeURIComponent(marker.start)}`} className="flex items-center gap-4 px-4 py-3 hover:bg-hover focus-visible:outline-offset-[-2px]">
        <span className="flex aspect-video w-24 shrink-0 items-center overflow-hidden rounded-lg bg-sunken sm:w-32">
          {picture.data && <BlobImage blob={picture.data} className="size-full object-contain" />}
        </span>
        <span className="min-w-0 flex-1">
          <span className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
            <bdi className="max-w-full truncate font-medium">{marker.title}</bdi>
            <span className="max-w-full truncate rounded-md bg-warn-wash px-1.5 py-0.5 text-xs text-warn">{marker.category}</span>
          </span>
          <span className="block truncate text-sm text-soft">
            <bdi>{camera}</bdi>
          </span>
          <span className="block text-[0.8125rem] text-faint tabular-nums">{formatInstant(Date.parse(marker.start), zone)}</span>
          {marker.note && <span className="mt-0.5 line-clamp-2 text-sm break-words text-soft">{marker.note}</span>}
        </span>
      </Link>
    </li>
  );
}
