import { Anchor, Input, UnstyledButton } from "@mantine/core";
import { useState } from "react";

import type { PermissionTable } from "@/api/types";
import { PermissionGrid } from "@/shared/access/PermissionGrid";
import { matchingPreset, type Preset } from "@/shared/access/permissions";

import classes from "./PermissionField.module.css";

const DESCRIPTIONS: Record<string, string> = {
  "telegraf-agent": "Fetch configurations, send heartbeats",
  "read-only": "See agents, configurations and all around them",
  "configuration-as-code": "Manage configurations from a pipeline",
  "full-access": "Everything that your role may do",
  custom: "Choose one by one",
};

type PermissionFieldProps = {
  table: PermissionTable;
  value: string[];
  onChange: (permissions: string[]) => void;
  error?: string;
};

/** A preset, or permissions one by one. Changing the grid makes a preset into a custom choice by itself. */
export function PermissionField({ table, value, onChange, error }: PermissionFieldProps) {
  const [custom, setCustom] = useState(false);
  const [opened, setOpened] = useState(false);
  const chosen = custom ? "custom" : (matchingPreset(value, table.presets)?.id ?? "custom");
  const choose = (preset: Preset) => {
    setCustom(preset.id === "custom");
    if (preset.id === "custom") setOpened(true);
    else onChange(preset.permissions);
  };
  return (
    <Input.Wrapper label="What may it do?" labelElement="div" error={error}>
      <div className={classes.presets} role="radiogroup" aria-label="What may it do?">
        {table.presets
          .filter((preset) => preset.id === "custom" || preset.permissions.length > 0)
          .map((preset) => (
            <UnstyledButton
              key={preset.id}
              className={classes.preset}
              role="radio"
              aria-checked={chosen === preset.id}
              onClick={() => choose(preset)}
            >
              <div className={classes.name}>{preset.name}</div>
              <div className={classes.what}>{DESCRIPTIONS[preset.id]}</div>
            </UnstyledButton>
          ))}
      </div>
      <div className={classes.summary}>
        <span>{value.length === 0 ? "No permission yet." : value.length <= 4 ? value.join(" · ") : `${value.length} permissions.`}</span>
        <Anchor component="button" type="button" size="xs" onClick={() => setOpened(!opened)} aria-expanded={opened}>
          {opened ? "Hide the details" : "Show and adjust"}
        </Anchor>
      </div>
      {opened && (
        <div className={classes.grid}>
          <PermissionGrid table={table} value={value} onChange={(permissions) => { setCustom(false); onChange(permissions); }} />
        </div>
      )}
    </Input.Wrapper>
  );
}
