import { UnstyledButton } from "@mantine/core";
import { IconAlertTriangleFilled, IconCircleXFilled, IconInfoCircleFilled } from "@tabler/icons-react";

import type { Problem } from "@/api/types";

import classes from "./EditorPane.module.css";

const LOOKS = {
  error: { Icon: IconCircleXFilled, color: "var(--tc-fail)" },
  warning: { Icon: IconAlertTriangleFilled, color: "var(--tc-warn)" },
  info: { Icon: IconInfoCircleFilled, color: "var(--tc-info)" },
};

/** What a check found, worst first; each leads to its place. */
export function ProblemList({ problems, onGoTo }: { problems: Problem[]; onGoTo: (problem: Problem) => void }) {
  if (problems.length === 0) return null;
  const order = ["error", "warning", "info"];
  const sorted = [...problems].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity) || (a.line ?? 0) - (b.line ?? 0));
  return (
    <ul className={classes.problems} aria-label="Problems">
      {sorted.map((problem) => {
        const { Icon, color } = LOOKS[problem.severity];
        return (
          <li key={`${problem.code} ${problem.line ?? ""} ${problem.column ?? ""} ${problem.message}`}>
            <UnstyledButton className={classes.problem} onClick={() => onGoTo(problem)}>
              <Icon size={14} style={{ color }} aria-label={problem.severity} />
              <span className={classes.where}>{problem.line ? `line ${problem.line}` : "whole text"}</span>
              <span>{problem.message}</span>
            </UnstyledButton>
          </li>
        );
      })}
    </ul>
  );
}

/** "2 errors, 1 warning", or that all is well. */
export function problemSummary(problems: Problem[]): string {
  const count = (severity: Problem["severity"]) => problems.filter((problem) => problem.severity === severity).length;
  const parts = (["error", "warning", "info"] as const).flatMap((severity) => {
    const number = count(severity);
    const name = severity === "info" ? "note" : severity;
    return number ? [`${number} ${name}${number === 1 ? "" : "s"}`] : [];
  });
  return parts.join(", ") || "No problems";
}
