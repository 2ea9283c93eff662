import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import type { Cell } from "../api/types";
import { problemWords } from "../api/problem";
import { m } from "../messages";
import { Card } from "../ui/Page";
import { Notice } from "../ui/States";
import { movingQuery } from "./queries";

/** The cameras that are moving from one node to another at this moment. */
export function Moving({ cell }: { cell: Cell }) {
  const { data, error } = useQuery(movingQuery);
  const named = (id: string | null): string => cell.nodes.find((node) => node.id === id)?.name ?? m.cell.goneNode;
  return (
    <Card title={m.cell.moving} aside={data && data.total > 0 ? <span className="tabular-nums">{data.total}</span> : undefined}>
      {error && !data && <Notice tone="warn">{problemWords(error)}</Notice>}
      {data?.items.length === 0 && <p className="text-sm text-soft">{m.cell.movingNone}</p>}
      {data && data.items.length > 0 && (
        <ul className="space-y-2 text-sm">
          {data.items.map((placement) => (
            <li key={`${placement.camera}/${placement.slot}`} data-moving={placement.camera} className="flex flex-wrap items-baseline justify-between gap-x-4">
              <Link to={`/cameras/${placement.camera}`} className="min-w-0 truncate font-medium hover:text-accent">
                <bdi>{placement.name ?? m.cell.deletedCamera}</bdi>
                {placement.slot > 0 && <span className="font-normal text-faint">{` (${m.cell.twin})`}</span>}
              </Link>
              <span className="text-soft">
                <bdi>{m.cell.movingFromTo(named(placement.node), named(placement.moving_to))}</bdi>
              </span>
            </li>
          ))}
          {data.total > data.items.length && <li className="text-faint">{m.cell.movingMore(data.total - data.items.length)}</li>}
        </ul>
      )}
    </Card>
  );
}
