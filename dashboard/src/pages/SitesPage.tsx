import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { Link } from "react-router";

import { api, unwrap } from "../api/client";
import { asProblem, problemWords } from "../api/problem";
import { sitesQuery } from "../api/queries";
import type { Site } from "../api/types";
import { useMay } from "../auth/use-session";
import { errorOf } from "../camera/spec";
import { m } from "../messages";
import { formatTime, knownZone } from "../time/format";
import { useNow } from "../time/use-now";
import { Button, IconButton } from "../ui/Button";
import { ConfirmDialog, Dialog } from "../ui/Dialog";
import { TextField } from "../ui/Field";
import { Page } from "../ui/Page";
import { Empty, Failed, Loading, Notice } from "../ui/States";

type Open = { kind: "add" } | { kind: "edit" | "delete"; site: Site } | null;

export default function SitesPage() {
  const may = useMay();
  const sites = useQuery(sitesQuery);
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
      {sites.isError && !sites.data ? (
        <Failed error={sites.error} onRetry={() => void sites.refetch()} />
      ) : !sites.data ? (
        <Loading rows={3} />
      ) : sites.data.items.length === 0 ? (
        <Empty icon="site" title={m.sites.emptyTitle} text={m.sites.emptyText}>
          {may.edit && (
            <Button look="primary" icon="plus" onClick={add}>
              {m.sites.emptyAction}
            </Button>
          )}
        </Empty>
      ) : (
        <ul className="divide-y divide-line overflow-hidden rounded-2xl border border-line bg-surface shadow-card">
          {sites.data.items.map((site) => (
            <li key={site.id} className="flex items-center gap-2 py-2.5 pr-2 pl-4">
              <div className="min-w-0 flex-1">
                <p className="truncate font-medium">
                  <bdi>{site.name}</bdi>
                </p>
                <p className="truncate text-sm text-faint">{`${site.zone} · ${m.sites.timeThere(formatTime(now, knownZone(site.zone)))}`}</p>
              </div>
              <Link to={`/cameras?site=${encodeURIComponent(site.id)}`} className="hidden rounded-lg px-3 py-2 text-sm font-medium text-accent hover:bg-hover sm:block">
                {m.sites.cameras}
              </Link>
              {may.edit && (
                <>
                  <IconButton icon="edit" name={m.sites.editTitle(site.name)} onClick={() => setOpen({ kind: "edit", site })} />
                  <IconButton icon="trash" name={m.sites.deleteTitle(site.name)} onClick={() => setOpen({ kind: "delete", site })} />
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      {open?.kind === "add" && <SiteDialog onClose={close} />}
      {open?.kind === "edit" && <SiteDialog site={open.site} onClose={close} />}
      {open?.kind === "delete" && <DeleteSite site={open.site} onClose={close} />}
    </Page>
  );
}

function SiteDialog({ site, onClose }: { site?: Site; onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState(site?.name ?? "");
  const [zone, setZone] = useState(site?.zone ?? knownZone(null));
  const save = useMutation({
    mutationFn: () =>
      site
        ? unwrap(api.PATCH("/api/v1/sites/{id}", { params: { path: { id: site.id } }, body: { name, zone } }))
        : unwrap(api.POST("/api/v1/sites", { body: { name, zone } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: sitesQuery.queryKey });
      onClose();
    },
  });
  const errors = save.isError ? asProblem(save.error).fields : [];
  return (
    <Dialog title={site ? m.sites.editTitle(site.name) : m.sites.add} onClose={onClose}>
      <form
        noValidate
        className="space-y-4"
        onSubmit={(event: SubmitEvent) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        {save.isError && <Notice>{problemWords(save.error)}</Notice>}
        <TextField name="name" label={m.sites.name} placeholder={m.sites.namePlaceholder} maxLength={128} autoComplete="off" value={name} onChange={(e) => setName(e.target.value)} error={errorOf(errors, "name")} />
        <TextField name="zone" label={m.sites.zone} hint={m.sites.zoneHint} list="zones" autoComplete="off" spellCheck={false} value={zone} onChange={(e) => setZone(e.target.value)} error={errorOf(errors, "zone")} />
        <datalist id="zones">
          {Intl.supportedValuesOf("timeZone").map((known) => (
            <option key={known} value={known} />
          ))}
        </datalist>
        <div className="flex justify-end gap-2 pt-2">
          <Button onClick={onClose}>{m.common.cancel}</Button>
          <Button look="primary" type="submit" disabled={save.isPending}>
            {save.isPending ? m.common.saving : site ? m.common.save : m.sites.add}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function DeleteSite({ site, onClose }: { site: Site; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/sites/{id}", { params: { path: { id: site.id } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: sitesQuery.queryKey });
      void queries.invalidateQueries({ queryKey: ["cameras"] });
      onClose();
    },
  });
  return (
    <ConfirmDialog
      title={m.sites.deleteTitle(site.name)}
      text={m.sites.deleteText}
      action={m.sites.deleteConfirm}
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    />
  );
}
