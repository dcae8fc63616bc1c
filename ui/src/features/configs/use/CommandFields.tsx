import { TagsInput } from "@mantine/core";
import { useState } from "react";

import type { ConfigVariables } from "@/api/types";
import { Disclosure } from "@/shared/form/Disclosure";

import { selectorProblem } from "./command";
import { AGENT_ID, type Command, TOKEN_VARIABLE } from "./use-command";
import { ValueFields } from "./ValueFields";

/** What the configuration asks for: parameters, which become part of the address, and variables of the environment. */
export function CommandFields({ variables, command }: { variables: ConfigVariables; command: Command }) {
  const { choices, choose } = command;
  const fromHost = choices.way === "address";
  return (
    <>
      <ValueFields
        title="Parameters"
        note={fromHost ? "Part of the address" : "Filled into the file"}
        values={choices.parameters}
        onChange={choose.setParameters}
        fields={variables.parameters.map((one) =>
          fromHost && one.name === AGENT_ID && one.required ? { ...one, required: false, default: "the name of the host" } : one,
        )}
      />
      <ValueFields
        title="Environment variables"
        note="Set on the machine of the agent"
        values={choices.environment}
        onChange={choose.setEnvironment}
        fields={variables.environmentVariables.filter((one) => one.name !== TOKEN_VARIABLE)}
      />
    </>
  );
}

/** Plugins of a configuration can carry labels; an agent may run only those that its selectors fit. */
export function SelectorsField({ value, onChange }: { value: string[]; onChange: (selectors: string[]) => void }) {
  const [problem, setProblem] = useState<string | null>(null);
  const change = (typed: string[]) => {
    const wrong = typed.map(selectorProblem).find((one) => one !== null) ?? null;
    setProblem(wrong);
    if (wrong === null) onChange(typed.map((one) => one.replaceAll(" ", "")));
  };
  return (
    <Disclosure label="Run only some of its plugins">
      <TagsInput
        size="xs"
        label="Label selectors"
        description="Plugins whose labels fit one of them run; plugins without labels always do. * and ? stand for anything."
        placeholder={value.length ? "" : "env=prod;region=eu-*"}
        splitChars={[",", " "]}
        acceptValueOnBlur
        error={problem}
        value={value}
        onChange={change}
      />
    </Disclosure>
  );
}
