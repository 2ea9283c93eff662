import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";

import { api, unwrap } from "../api/client";
import { siteListQuery } from "../api/queries";
import type { Site } from "../api/types";
import { useMay } from "../auth/use-session";
import { errorOf } from "../camera/spec";
import { m } from "../messages";
import { formatTime, knownZone } from "../time/format";
import { useNow } from "../time/use-now";
import { Button, IconButton } from "../ui/Button";
import { TextField } from "../ui/Field";
import { DeleteDialog, FormDialog } from "../ui/FormDialog";
import { Icon } from "../ui/Icon";
import { Page } from "../ui/Page";
import { ListRow, PagedList } from "../ui/PagedList";
import { Empty } from "../ui/States";

type Open = { kind: "add" } | { kind: "edit" | "delete"; site: Site } | null;

export default function SitesPage() {
  const may = useMay();
  const sites = useInfiniteQuery(siteListQuery);
  const [open, setOpen] = useState<Open>(null);
  const now = useNow(15_000);
  const close = () => setOpen(null);
  const add = () => setOpen({ kind: "add" });
  return (
    <Page
      title={m.sites.title}
      actions={
        may.edit && (
          <Button look="primary" icon="plus" onClick={add}>
            {m.sites.add}
          </Button>
        )
      }
    >
      <PagedList
        query={sites}
        caption={m.sites.title}
        empty={
          <Empty icon="site" title={m.sites.emptyTitle} text={m.sites.emptyText}>
            {may.edit && (
              <Button look="primary" icon="plus" onClick={add}>
                {m.sites.emptyAction}
              </Button>
            )}
          </Empty>
        }
      >
        {(site) => (
          <ListRow
            key={site.id}
            title={<bdi className="truncate">{site.name}</bdi>}
            text={`${m.sites.timeThere(formatTime(now, knownZone(site.zone)))} · ${site.zone}`}
          >
            <Link
              to={`/cameras?site=${encodeURIComponent(site.id)}`}
              aria-label={m.sites.camerasOf(site.name)}
              className="inline-flex min-h-10 min-w-10 items-center justify-center rounded-lg text-sm font-medium text-accent hover:bg-hover sm:px-3"
            >
              <Icon name="camera" className="size-5 sm:hidden" />
              <span className="hidden sm:inline">{m.sites.cameras}</span>
            </Link>
            {may.edit && (
              <>
                <IconButton icon="edit" name={m.sites.editTitle(site.name)} onClick={() => setOpen({ kind: "edit", site })} />
                <IconButton icon="trash" name={m.sites.deleteTitle(site.name)} onClick={() => setOpen({ kind: "delete", site })} />
              </>
            )}
          </ListRow>
        )}
      </PagedList>
      {open?.kind === "add" && <SiteDialog onClose={close} />}
      {open?.kind === "edit" && <SiteDialog site={open.site} onClose={close} />}
      {open?.kind === "delete" && <DeleteSite site={open.site} onClose={close} />}
    </Page>
  );
}

function SiteDialog({ site, onClose }: { site?: Site; onClose: () => void }) {
  const [name, setName] = useState(site?.name ?? "");
  const [zone, setZone] = useState(site?.zone ?? knownZone(null));
  const body = { name, zone };
  return (
    <FormDialog
      title={site ? m.sites.editTitle(site.name) : m.sites.add}
      submit={site ? m.common.save : m.sites.add}
      stale={[["sites"]]}
      save={() =>
        site ? unwrap(api.PATCH("/api/v1/sites/{id}", { params: { path: { id: site.id } }, body })) : unwrap(api.POST("/api/v1/sites", { body }))
      }
      onClose={onClose}
    >
      {(errors) => (
        <>
          <TextField name="name" label={m.sites.name} placeholder={m.sites.namePlaceholder} maxLength={128} autoComplete="off" value={name} onChange={(e) => setName(e.target.value)} error={errorOf(errors, "name")} />
          <TextField name="zone" label={m.sites.zone} hint={m.sites.zoneHint} list="zones" autoComplete="off" spellCheck={false} value={zone} onChange={(e) => setZone(e.target.value)} error={errorOf(errors, "zone")} />
          <datalist id="zones">
            {Intl.supportedValuesOf("timeZone").map((known) => (
              <option key={known} value={known} />
            ))}
          </datalist>
        </>
      )}
    </FormDialog>
  );
}

function DeleteSite({ site, onClose }: { site: Site; onClose: () => void }) {
  return (
    <DeleteDialog
      title={m.sites.deleteTitle(site.name)}
      text={m.sites.deleteText}
      action={m.sites.deleteConfirm}
      stale={[["sites"], ["cameras"]]}
      remove={() => unwrap(api.DELETE("/api/v1/sites/{id}", { params: { path: { id: site.id } } }))}
      onClose={onClose}
    />
  );
}
