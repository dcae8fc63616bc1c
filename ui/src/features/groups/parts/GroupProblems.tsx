import { Link } from "react-router";

import type { GroupProblem } from "@/api/types";
import { Section } from "@/shared/parts/Section";
import { StatusBadge } from "@/shared/parts/StatusBadge";
import { urls } from "@/shared/urls";

import classes from "./Members.module.css";

const TONES = { error: "fail", warning: "warn", info: "info" } as const;

/** What is wrong with the text of all members together, and in which of them. */
export function GroupProblems({ problems }: { problems: GroupProblem[] }) {
  if (problems.length === 0) return null;
  return (
    <Section title="Problems of the whole">
      <ul className={classes.list}>
        {problems.map((problem) => (
          <li key={`${problem.code} ${problem.line ?? ""} ${problem.message}`} className={classes.member}>
            <StatusBadge tone={TONES[problem.severity]}>{problem.severity}</StatusBadge>
            <span style={{ flex: 1 }}>{problem.message}</span>
            {problem.configId && <Link to={urls.config(problem.configId)}>line {problem.configLine}</Link>}
          </li>
        ))}
      </ul>
    </Section>
  );
}
