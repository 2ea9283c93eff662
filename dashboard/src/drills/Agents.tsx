import type { DrillAgents } from "../api/types";
import { m } from "../messages";
import { ButtonLink } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { Card } from "../ui/Page";
import { Notice } from "../ui/States";

/** What an agent does, in words. */
function can(word: string) {
  return (m.drills.agentCan as Readonly<Record<string, string>>)[word] ?? word;
}

/** The nodes, and whether somebody stands beside each who could break it. */
export function Agents({ agents }: { agents: DrillAgents }) {
  const heard = agents.items.filter((item) => item.heard).length;
  return (
    <Card title={m.drills.agents} aside={m.drills.agentsOf(heard, agents.items.length)}>
      {heard < agents.items.length && (
        <Notice tone="warn" className="mb-3">
          {m.drills.someMissing}
        </Notice>
      )}
      <ul aria-label={m.drills.agents} className="space-y-2 text-sm">
        {agents.items.map(({ node, name, heard: ready, agent }) => (
          <li key={node} data-agent={ready ? "heard" : "silent"} className="flex flex-wrap items-baseline gap-x-3">
            <span aria-hidden="true" className={`inline-block size-2 shrink-0 rounded-full ${ready ? "bg-good-fill" : "bg-warn-fill"}`} />
            <bdi className="min-w-0 font-medium break-words">{name}</bdi>
            <span className="ml-auto text-right text-soft">
              {ready && agent ? agent.can.map(can).join(", ") : agent ? m.drills.agentSilent : m.drills.agentNone}
            </span>
            {ready &&
              agent?.cannot.map(({ word, why }) => (
                <span key={word} className="w-full break-words text-faint">
                  {m.drills.agentCannot(can(word), why)}
                </span>
              ))}
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** What to do where no agent is. */
export function StartAgents({ agents, admin }: { agents: DrillAgents; admin: boolean }) {
  const addresses = agents.items.length > 0 ? agents.items.map(({ name }) => `https://${name}:8080`).join(",") : location.origin;
  return (
    <Card className="p-6! sm:p-8!">
      <div className="flex flex-col gap-5 sm:flex-row">
        <div className="flex size-14 shrink-0 items-center justify-center rounded-2xl bg-accent-wash text-accent">
          <Icon name="drill" className="size-7" />
        </div>
        <div className="min-w-0 flex-1">
          <h2 className="text-xl font-semibold">{m.drills.startTitle}</h2>
          <p className="mt-1 max-w-2xl text-soft">{m.drills.startText}</p>
          <ol className="mt-4 list-decimal space-y-2 pl-5">
            {m.drills.startSteps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
          <pre className="mt-3 overflow-x-auto rounded-lg border border-line bg-sunken p-3 text-[0.8125rem]">
            <code>{`echo 'drills:PASSWORD' > /etc/eyrie/drill.token\nchmod 600 /etc/eyrie/drill.token\neyrie drill agent --api ${addresses} \\\n  --token-file /etc/eyrie/drill.token \\\n  -- eyrie node --config /etc/eyrie/node.toml`}</code>
          </pre>
          <p className="mt-3 text-sm text-faint">{m.drills.startDocs}</p>
          {admin && (
            <ButtonLink to="/users" look="primary" icon="users" className="mt-4">
              {m.nav.users}
            </ButtonLink>
          )}
        </div>
      </div>
    </Card>
  );
}
