import { m } from "../messages";
import { Card } from "../ui/Page";

const THIS = `[cluster]
listen = "0.0.0.0:7443"
address = "10.0.0.1:7443"
secret_file = "/etc/eyrie/cell-secret"`;

const NEW = `[cluster]
listen = "0.0.0.0:7443"
address = "10.0.0.2:7443"
secret_file = "/etc/eyrie/cell-secret"
join = ["10.0.0.1:7443"]`;

/** Where a cell is one node alone: how it becomes more. */
export function AddNode() {
  return (
    <Card title={m.cell.oneTitle} className="lg:col-span-2">
      <p className="text-sm text-soft">{m.cell.oneText}</p>
      <ol className="mt-3 list-decimal space-y-1 pl-5 text-sm">
        {m.cell.oneSteps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <div className="mt-4 grid gap-4 sm:grid-cols-2">
        <Sample title={m.cell.oneThis} text={THIS} />
        <Sample title={m.cell.oneNew} text={NEW} />
      </div>
      <p className="mt-4 text-sm text-faint">{m.cell.oneDocs}</p>
    </Card>
  );
}

function Sample({ title, text }: { title: string; text: string }) {
  return (
    <figure className="min-w-0">
      <figcaption className="mb-1.5 text-sm font-medium">{title}</figcaption>
      <pre className="overflow-x-auto rounded-lg bg-sunken p-3 text-[0.8125rem] leading-relaxed">
        <code>{text}</code>
      </pre>
    </figure>
  );
}
