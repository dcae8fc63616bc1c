import { Anchor, Button } from "@mantine/core";
import { IconTag, IconTrash } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "react-router";

import { isApiError } from "@/api/errors";
import type { Agent } from "@/api/types";
import { ruleQuery } from "@/features/reporting/queries";
import { durationText } from "@/shared/lib/time";
import { LabelChips } from "@/shared/parts/LabelChips";
import { Notice } from "@/shared/parts/Notice";
import { PageHeader } from "@/shared/parts/PageHeader";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { Columns, Facts, Section } from "@/shared/parts/Section";
import { EmptyState, Loading, LoadError } from "@/shared/parts/states";
import { useCan } from "@/shared/session";
import { urls } from "@/shared/urls";

import { agentName } from "../names";
import { AgentBadge } from "../parts/AgentBadge";
import { AgentConfigs } from "../parts/AgentConfigs";
import { AgentDialogs, useAgentDialogs } from "../parts/AgentDialogs";
import { HeartbeatCharts } from "../parts/HeartbeatCharts";
import { RefreshControl, useAutoRefresh } from "../parts/RefreshControl";
import { ReportedLogs } from "../parts/ReportedLogs";
import { StatusHistory } from "../parts/StatusHistory";
import { agentQuery, listedAgent } from "../queries";

export default function AgentPage() {
  const { id = "" } = useParams();
  const refresh = useAutoRefresh();
  const client = useQueryClient();
  const query = useQuery({ ...agentQuery(id), refetchInterval: refresh.everyMs, placeholderData: () => listedAgent(client, id) });
  if (isApiError(query.error, "not_found")) {
    return <EmptyState title="There is no such agent" text="It was deleted. With its next heartbeat it is here again, as a new one." action={<Link to={urls.agents}>To the agents</Link>} />;
  }
  if (query.isError && !query.data) return <LoadError what="the agent" error={query.error} onRetry={() => void query.refetch()} />;
  return query.data ? <AgentDetail agent={query.data} refresh={refresh} /> : <Loading />;
}

function AgentDetail({ agent, refresh }: { agent: Agent; refresh: ReturnType<typeof useAutoRefresh> }) {
  const can = useCan();
  const navigate = useNavigate();
  const dialogs = useAgentDialogs();
  return (
    <>
      <PageHeader
        title={agentName(agent)}
        badge={<AgentBadge status={agent.status} />}
        back={{ to: urls.agents, label: "Agents" }}
        actions={
          <>
            <RefreshControl seconds={refresh.seconds} onChange={refresh.setSeconds} />
            {can("agents:write") && <Button variant="default" leftSection={<IconTag size={15} />} onClick={() => dialogs.label.open([agent])}>Labels…</Button>}
            {can("agents:delete") && <Button variant="default" c="var(--mantine-color-error)" leftSection={<IconTrash size={15} />} onClick={() => dialogs.remove.open([agent])}>Delete…</Button>}
          </>
        }
      />
      {agent.status === "not_reporting" && (
        <Notice tone="warn">
          Last heard of <RelativeTime at={agent.lastSeen} />: silent for longer than its rule “{agent.reportingRule.description}” allows.
        </Notice>
      )}
      <Columns>
        <About agent={agent} onRule={can("agents:write") ? () => dialogs.rule.open([agent]) : undefined} />
        <StatusHistory agentId={agent.id} refetchEveryMs={refresh.everyMs} />
      </Columns>
      {can("heartbeat:read") && <HeartbeatCharts agent={agent} refetchEveryMs={refresh.everyMs} />}
      <AgentConfigs configs={agent.configs} />
      {can("heartbeat:read") && <ReportedLogs agent={agent} refetchEveryMs={refresh.everyMs} />}
      <AgentDialogs dialogs={dialogs} onDone={(did) => did === "remove" && void navigate(urls.agents)} />
    </>
  );
}

function About({ agent, onRule }: { agent: Agent; onRule?: (() => void) | undefined }) {
  return (
    <Section title="About">
      <Facts
        facts={[
          ["Instance id", <span className="tc-mono">{agent.instanceId}</span>],
          ["Host", agent.hostname ?? <span className="tc-faint">not reported</span>],
          ["Address", agent.ipAddress ? <span className="tc-mono">{agent.ipAddress}</span> : <span className="tc-faint">unknown</span>],
          ["Telegraf", <>{agent.telegrafVersion ?? "unknown"} <span className="tc-faint">{agent.telegrafBuild.replace(/^Telegraf\s+\S+\s*/, "")}</span></>],
          ["Labels", agent.labels.length ? <LabelChips labels={agent.labels} most={20} /> : <span className="tc-faint">none</span>],
          ["Reporting rule", <RuleOf agent={agent} onChange={onRule} />],
          ["First seen", <RelativeTime at={agent.firstSeen} />],
          ["Last seen", <RelativeTime at={agent.lastSeen} />],
        ]}
      />
    </Section>
  );
}

/** The rule by name, and what it means in time. */
function RuleOf({ agent, onChange }: { agent: Agent; onChange: (() => void) | undefined }) {
  const can = useCan();
  const { id, description } = agent.reportingRule;
  const mayRead = can("reporting-rules:read");
  const rule = useQuery({ ...ruleQuery(id), enabled: mayRead }).data;
  return (
    <>
      {description}
      {mayRead && <span className="tc-faint"> · not reporting after {rule ? durationText(rule.notReportingAfter) : "…"}</span>}
      {onChange && <> · <Anchor component="button" type="button" size="sm" onClick={onChange}>Change…</Anchor></>}
    </>
  );
}
