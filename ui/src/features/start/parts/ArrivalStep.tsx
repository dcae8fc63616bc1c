import { Button, Group, Loader } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode } from "react";
import { Link } from "react-router";

import type { Agent, Config, TokenCreated } from "@/api/types";
import { tokenQuery } from "@/features/tokens/queries";
import { useEndpoints } from "@/shared/endpoints";
import { Disclosure } from "@/shared/form/Disclosure";
import { counted } from "@/shared/lib/numbers";
import { Snippet } from "@/shared/parts/Snippet";
import { urls } from "@/shared/urls";

import type { useArrival } from "../use-arrival";
import classes from "./ArrivalStep.module.css";
import { Step } from "./Step";

type ArrivalStepProps = { config: Config; token: TokenCreated | null; arrival: ReturnType<typeof useArrival> };

/** Waits for the first heartbeat, tells how far the agent has come, and says when it is there. */
export function ArrivalStep({ config, token, arrival }: ArrivalStepProps) {
  const { arrived, already, lost } = arrival;
  return (
    <Step number={4} title={arrived ? "It reports" : "First heartbeat"} done={arrived !== null}>
      <div aria-live="polite">
        {arrived ? <Arrived agent={arrived} config={config} onAgain={arrival.again} /> : <Waiting token={token} lost={lost} />}
      </div>
      {already > 0 && !arrived && (
        <p><Link to={urls.agentsWith({ config: config.id })}>{counted(already, "agent")}</Link> already {already === 1 ? "runs" : "run"} {config.name}. A new one appears here.</p>
      )}
      {!arrived && <Help />}
    </Step>
  );
}

function Waiting({ token, lost }: { token: TokenCreated | null; lost: boolean }) {
  const used = useQuery({ ...tokenQuery(token?.id ?? ""), enabled: token !== null, refetchInterval: 3_000 }).data?.lastUsedAt;
  return (
    <ul className={classes.stages}>
      {token && <Stage done={Boolean(used)}>{used ? "Telegraf has fetched its configuration." : "Waiting for Telegraf to fetch its configuration…"}</Stage>}
      <Stage done={false} pending={!token || Boolean(used)}>
        {lost ? "The controller cannot be reached; trying again…" : used ? "Its first heartbeat comes within a minute…" : "Waiting for the first heartbeat…"}
      </Stage>
    </ul>
  );
}

function Stage({ done, pending = true, children }: { done: boolean; pending?: boolean; children: ReactNode }) {
  return (
    <li data-done={done || undefined}>
      <span className={classes.icon} aria-hidden>{done ? <IconCheck size={15} stroke={2.4} /> : pending ? <Loader size={14} /> : <i />}</span>
      {children}
    </li>
  );
}

function Arrived({ agent, config, onAgain }: { agent: Agent; config: Config; onAgain: () => void }) {
  const name = agent.hostname ?? agent.instanceId;
  return (
    <div className={classes.arrived}>
      <svg className={classes.beat} viewBox="0 0 120 32" aria-hidden>
        <path d="M2 18h34l7-12 12 22 9-16 5 6h49" pathLength={1} />
      </svg>
      <div className={classes.name}>{name} is here.</div>
      <p>
        It runs {agent.telegrafVersion ? `Telegraf ${agent.telegrafVersion}` : "Telegraf"}{agent.ipAddress && ` on ${agent.ipAddress}`}, and from now on it tells this controller how it is.
        The same command starts more agents with {config.name}.
      </p>
      <Group gap="xs">
        <Button component={Link} to={urls.agent(agent.id)}>See {name}</Button>
        <Button variant="default" component={Link} to={urls.config(config.id)}>Change what it measures</Button>
        <Button variant="subtle" onClick={onAgain}>Wait for another</Button>
      </Group>
    </div>
  );
}

function Help() {
  const { heartbeat } = useEndpoints();
  return (
    <Disclosure label="Nothing comes?">
      <p>Telegraf says in its log what is wrong. A 401 means that the token is not in the environment of its process: <code>sudo</code>, for one, leaves variables behind.</p>
      <p>Whether the machine reaches this controller, this tells: it prints <code>ok</code>.</p>
      <Snippet text={`curl ${heartbeat}/health`} label="command" />
    </Disclosure>
  );
}
