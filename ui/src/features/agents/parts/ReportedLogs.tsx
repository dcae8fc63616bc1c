import { Button, SegmentedControl, UnstyledButton } from "@mantine/core";
import { IconChevronRight, IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";

import type { Agent, LogEntry } from "@/api/types";
import { downloadText, safeFileName } from "@/shared/lib/files";
import { counted, countText } from "@/shared/lib/numbers";
import { clockTime, exactTime } from "@/shared/lib/time";
import { Section } from "@/shared/parts/Section";
import { LoadError } from "@/shared/parts/states";

import { levelCounts, levelTone, logText, newestFirst } from "../logs";
import { agentName } from "../names";
import { latestHeartbeatQuery } from "../queries";
import classes from "./ReportedLogs.module.css";

/** The log entries of the agent's latest heartbeat: by level, each to be unfolded, all as a file. */
export function ReportedLogs({ agent, refetchEveryMs }: { agent: Agent; refetchEveryMs: number | false }) {
  const query = useQuery({ ...latestHeartbeatQuery(agent), refetchInterval: refetchEveryMs });
  const entries = newestFirst(query.data?.logs ?? []);
  const { reportedLogs = 0, storedLogs = 0 } = query.data ?? {};
  const download = () => downloadText(`${safeFileName(agentName(agent))}-log.txt`, logText(entries));
  return (
    <Section
      title="Reported log"
      lead={reportedLogs > storedLogs ? `The latest heartbeat had ${counted(reportedLogs, "entry", "entries")}; the ${countText(storedLogs)} most severe are kept.` : "What the latest heartbeat brought along."}
      actions={entries.length > 0 && <Button size="xs" variant="default" leftSection={<IconDownload size={14} />} onClick={download}>Download</Button>}
    >
      {query.isError && !query.data ? (
        <LoadError what="the log" error={query.error} onRetry={() => void query.refetch()} />
      ) : entries.length > 0 ? (
        <Entries entries={entries} />
      ) : (
        query.data !== undefined && <span className="tc-faint">No entries: nothing was logged, or the heartbeat plugin does not include logs.</span>
      )}
    </Section>
  );
}

const ALL = "all";

function Entries({ entries }: { entries: LogEntry[] }) {
  const [chosen, setChosen] = useState(ALL);
  const levels = levelCounts(entries);
  // The level may be gone with the next heartbeat.
  const level = levels.some((one) => one.level === chosen) ? chosen : ALL;
  const shown = entries.filter((entry) => level === ALL || entry.level === level);
  return (
    <>
      {levels.length > 1 && (
        <div className={classes.levels}>
          <SegmentedControl
            size="xs"
            aria-label="Level"
            value={level}
            onChange={setChosen}
            data={[{ value: ALL, label: `All ${countText(entries.length)}` }, ...levels.map((one) => ({ value: one.level, label: `${one.level} ${countText(one.count)}` }))]}
          />
        </div>
      )}
      <ul className={classes.log}>
        {shown.map((entry, index) => <Entry key={`${entry.time}-${entry.source}-${index}`} entry={entry} />)}
      </ul>
    </>
  );
}

function Entry({ entry }: { entry: LogEntry }) {
  const id = useId();
  const [opened, setOpened] = useState(false);
  const instant = new Date(entry.time);
  const readable = !Number.isNaN(instant.getTime());
  const attributes = Object.entries(entry.attributes ?? {});
  return (
    <li className={classes.entry}>
      <UnstyledButton className={classes.line} aria-expanded={opened} aria-controls={id} onClick={() => setOpened(!opened)}>
        <IconChevronRight size={13} aria-hidden />
        <time dateTime={readable ? entry.time : undefined}>{readable ? clockTime(instant) : entry.time}</time>
        <span className={classes.level} data-tone={levelTone(entry.level)}>{entry.level}</span>
        <span className={classes.source}>{entry.source}</span>
        <span className={classes.message}>{entry.message}</span>
      </UnstyledButton>
      <div id={id} hidden={!opened} className={classes.details}>
        <pre tabIndex={opened ? 0 : undefined}>{entry.message}{entry.truncated && "… (cut here: it was longer)"}</pre>
        <dl>
          {readable && <><dt>Time</dt><dd>{exactTime(instant)}</dd></>}
          {entry.source && <><dt>Source</dt><dd>{entry.source}</dd></>}
          {attributes.map(([name, value]) => (
            <div key={name} className={classes.attribute}><dt>{name}</dt><dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd></div>
          ))}
        </dl>
      </div>
    </li>
  );
}
