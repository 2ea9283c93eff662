import type { CatalogueDrill } from "../api/types";
import { m } from "../messages";
import { Button } from "../ui/Button";
import { Card } from "../ui/Page";

interface Props {
  drills: readonly CatalogueDrill[];
  /** Nothing can be begun now: no agent, or a drill that runs. */
  blocked: boolean;
  onPlan: (name: string) => void;
  onRun: (name: string) => void;
}

/** The drills to choose from, each with what it believes. Those that no cell that exists can do come last. */
export function Catalogue({ drills, blocked, onPlan, onRun }: Props) {
  const sorted = [...drills].sort((a, b) => Number(a.unsupported.length > 0) - Number(b.unsupported.length > 0));
  return (
    <Card title={m.drills.catalogue} aside={m.drills.catalogueHint}>
      <ul aria-label={m.drills.catalogue} className="-my-3 divide-y divide-line">
        {sorted.map((drill) => (
          <li key={drill.name} data-drill={drill.name} className="flex flex-col gap-3 py-4 sm:flex-row sm:items-start">
            <div className="min-w-0 flex-1">
              <h3 className="font-medium">{drill.name}</h3>
              <p className="mt-1 max-w-3xl text-sm text-soft">{drill.hypothesis}</p>
              <p className="mt-1.5 text-[0.8125rem] text-faint">
                {drill.unsupported.length > 0 ? `${m.drills.notHere}: ${drill.unsupported.join("; ")}` : `${m.drills.mayTouch} ${drill.blast_radius}`}
              </p>
            </div>
            {drill.unsupported.length === 0 && (
              <div className="flex shrink-0 gap-2">
                <Button look="quiet" aria-label={m.drills.planOf(drill.name)} onClick={() => onPlan(drill.name)}>
                  {m.drills.plan}
                </Button>
                <Button icon="drill" disabled={blocked} aria-label={m.drills.runOf(drill.name)} onClick={() => onRun(drill.name)}>
                  {m.drills.run}
                </Button>
              </div>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
