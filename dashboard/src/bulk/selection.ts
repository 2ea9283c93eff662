/** Which cameras are selected: those ticked, or all that match the filters but those unticked. */
export type Selection =
  | { kind: "some"; ids: ReadonlySet<string> }
  | { kind: "matching"; total: number; except: ReadonlySet<string> };

export const NONE: Selection = { kind: "some", ids: new Set() };

function flipped(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return next;
}

export function isSelected(selection: Selection, id: string): boolean {
  return selection.kind === "some" ? selection.ids.has(id) : !selection.except.has(id);
}

export function toggled(selection: Selection, id: string): Selection {
  return selection.kind === "some"
    ? { kind: "some", ids: flipped(selection.ids, id) }
    : { ...selection, except: flipped(selection.except, id) };
}

export function withAll(selection: Selection, ids: readonly string[]): Selection {
  if (selection.kind === "some") return { kind: "some", ids: new Set([...selection.ids, ...ids]) };
  const again = new Set(ids);
  return { ...selection, except: new Set([...selection.except].filter((id) => !again.has(id))) };
}

export function sizeOf(selection: Selection): number {
  return selection.kind === "some" ? selection.ids.size : Math.max(0, selection.total - selection.except.size);
}
