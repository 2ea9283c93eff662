import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";

import { problemWords } from "../api/problem";
import { type CameraFilter, sitesQuery } from "../api/queries";
import { m } from "../messages";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import { CheckField, LabelsField, SelectField } from "../ui/Field";
import { Notice } from "../ui/States";
import { type BulkChange, type BulkKind, type Outcome, runBulk } from "./change";
import { nodePorts, selectedIds } from "./node";
import { type Selection, sizeOf } from "./selection";

const KINDS: readonly BulkKind[] = ["enable", "disable", "add_labels", "remove_labels", "site", "mode", "delete"];
/** Failures listed by name; more are counted. */
const FAILURES_SHOWN = 50;

interface Run {
  change: BulkChange;
  ids: readonly string[] | null;
  outcomes: readonly Outcome[];
  running: boolean;
  /** Why it could not begin. */
  error: unknown;
}

interface Props {
  selection: Selection;
  filter: CameraFilter;
  /** The names of the cameras loaded so far. */
  names: ReadonlyMap<string, string>;
  onClose: (changed: boolean) => void;
}

/** Changes the selected cameras, shows how far that is, and how it went for each that could not be changed. */
export function BulkDialog({ selection, filter, names, onClose }: Props) {
  const queries = useQueryClient();
  const [run, setRun] = useState<Run | null>(null);
  const stop = useRef<AbortController | null>(null);
  const count = sizeOf(selection);
  useEffect(() => () => stop.current?.abort(), []);

  const start = async (change: BulkChange, known: readonly string[] | null) => {
    const controller = new AbortController();
    stop.current = controller;
    const begun: Run = { change, ids: known, outcomes: [], running: true, error: null };
    setRun(begun);
    try {
      const ids = known ?? (await selectedIds(selection, filter));
      setRun({ ...begun, ids });
      const report = (outcomes: readonly Outcome[]) => setRun({ ...begun, ids, outcomes: [...outcomes] });
      const outcomes = await runBulk(ids, change, nodePorts, report, controller.signal);
      setRun({ ...begun, ids, outcomes, running: false });
    } catch (error) {
      setRun({ ...begun, running: false, error });
    }
    void queries.invalidateQueries({ queryKey: ["cameras"] });
  };

  const close = () => {
    stop.current?.abort();
    onClose(run !== null);
  };
  return (
    <Dialog title={m.bulk.title(count)} onClose={close}>
      {run === null ? (
        <ChangeForm count={count} onCancel={close} onApply={(change) => void start(change, null)} />
      ) : (
        <Progress
          run={run}
          count={count}
          names={names}
          onStop={() => stop.current?.abort()}
          onRetry={(ids) => void start(run.change, ids)}
          onClose={close}
        />
      )}
    </Dialog>
  );
}

function ChangeForm({ count, onCancel, onApply }: { count: number; onCancel: () => void; onApply: (change: BulkChange) => void }) {
  const sites = useQuery(sitesQuery);
  const [kind, setKind] = useState<BulkKind>("enable");
  const [labels, setLabels] = useState<string[]>([]);
  const [site, setSite] = useState("");
  const [mode, setMode] = useState<"continuous" | "off">("continuous");
  const [sure, setSure] = useState(false);
  const [missing, setMissing] = useState(false);
  const labelled = kind === "add_labels" || kind === "remove_labels";

  const apply = () => {
    if (labelled && labels.length === 0) setMissing(true);
    else if (labelled) onApply({ kind, labels });
    else if (kind === "site") onApply({ kind, site: site === "" ? null : site });
    else if (kind === "mode") onApply({ kind, mode });
    else onApply({ kind });
  };
  const fields: Partial<Record<BulkKind, ReactNode>> = {
    disable: <p className="text-sm text-soft">{m.bulk.disableHint}</p>,
    site: (
      <SelectField label={m.form.site} value={site} onChange={(event) => setSite(event.target.value)}>
        <option value="">{m.form.noSite}</option>
        {sites.data?.map((one) => (
          <option key={one.id} value={one.id}>
            {one.name}
          </option>
        ))}
      </SelectField>
    ),
    mode: (
      <SelectField label={m.form.recording} value={mode} onChange={(event) => setMode(event.target.value === "off" ? "off" : "continuous")}>
        <option value="continuous">{m.modes.continuous}</option>
        <option value="off">{m.modes.off}</option>
      </SelectField>
    ),
    delete: (
      <>
        <Notice>{m.bulk.deleteHint}</Notice>
        <CheckField label={m.bulk.deleteCheck(count)} checked={sure} onChange={(event) => setSure(event.target.checked)} />
      </>
    ),
  };
  return (
    <form
      noValidate
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <SelectField label={m.bulk.what} value={kind} onChange={(event) => setKind(KINDS.find((known) => known === event.target.value) ?? "enable")}>
        {KINDS.map((known) => (
          <option key={known} value={known}>
            {m.bulk.actions[known]}
          </option>
        ))}
      </SelectField>
      {labelled && (
        <LabelsField
          label={m.form.labels}
          hint={m.form.labelsHint}
          placeholder={m.form.labelsPlaceholder}
          removeName={m.cameras.remove}
          value={labels}
          onChange={(next) => {
            setLabels(next);
            setMissing(false);
          }}
          error={missing ? m.bulk.labelsMissing : undefined}
        />
      )}
      {fields[kind]}
      <DialogActions>
        <Button onClick={onCancel}>{m.common.cancel}</Button>
        <Button type="submit" look={kind === "delete" ? "danger" : "primary"} disabled={count === 0 || (kind === "delete" && !sure)}>
          {kind === "delete" ? m.bulk.actions.delete : m.bulk.apply}
        </Button>
      </DialogActions>
    </form>
  );
}

interface ProgressProps {
  run: Run;
  count: number;
  names: ReadonlyMap<string, string>;
  onStop: () => void;
  onRetry: (ids: readonly string[]) => void;
  onClose: () => void;
}

function Progress({ run, count, names, onStop, onRetry, onClose }: ProgressProps) {
  const total = run.ids?.length ?? count;
  const failed = run.outcomes.filter((outcome) => outcome.error !== null);
  const untouched = total - run.outcomes.length;
  const done = !run.running && run.error === null;
  return (
    <div className="space-y-4">
      {run.error !== null && <Notice>{problemWords(run.error)}</Notice>}
      {run.ids !== null && total < count && <Notice tone="warn">{m.bulk.tooMany(total)}</Notice>}
      <progress className="h-2.5 w-full accent-accent-fill" aria-label={m.bulk.title(count)} max={Math.max(1, total)} value={run.outcomes.length} />
      <p role="status" className="text-sm tabular-nums">
        {run.running && run.ids === null ? m.bulk.collecting : done ? m.bulk.result(run.outcomes.length - failed.length, total) : m.bulk.progress(run.outcomes.length, total)}
      </p>
      {done && untouched > 0 && <p className="text-sm text-soft">{m.bulk.stopped(untouched)}</p>}
      {failed.length > 0 && (
        <div>
          <h3 className="mb-1.5 text-sm font-semibold">{m.bulk.failures(failed.length)}</h3>
          <ul className="max-h-60 divide-y divide-line overflow-auto rounded-lg border border-line text-sm">
            {failed.slice(0, FAILURES_SHOWN).map(({ id, error }) => (
              <li key={id} className="px-3 py-2">
                <bdi className="block truncate font-medium">{names.get(id) ?? id}</bdi>
                <span className="text-soft">{problemWords(error)}</span>
              </li>
            ))}
            {failed.length > FAILURES_SHOWN && <li className="px-3 py-2 text-faint">{m.bulk.moreFailures(failed.length - FAILURES_SHOWN)}</li>}
          </ul>
        </div>
      )}
      <DialogActions>
        {run.running ? (
          <Button onClick={onStop}>{m.bulk.stop}</Button>
        ) : (
          <>
            {failed.length > 0 && <Button onClick={() => onRetry(failed.map((outcome) => outcome.id))}>{m.bulk.retry}</Button>}
            <Button look="primary" onClick={onClose}>
              {m.common.done}
            </Button>
          </>
        )}
      </DialogActions>
    </div>
  );
}
