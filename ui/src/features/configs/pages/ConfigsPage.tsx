import { ActionIcon, Button, FileButton, Menu } from "@mantine/core";
import { IconCopy, IconDots, IconFileSettings, IconPlus, IconTag, IconTrash, IconUpload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "react-router";

import type { ConfigSummary } from "@/api/types";
import { labelChoicesQuery } from "@/features/labels/queries";
import { LabelsDialog } from "@/features/labels/offered";
import { type Dialog, useDialog } from "@/shared/dialog/use-dialog";
import type { ListDefaults } from "@/shared/lib/list-state";
import { notifyBulk, notifyFailed } from "@/shared/lib/notify";
import { counted, countText } from "@/shared/lib/numbers";
import { LabelChips } from "@/shared/parts/LabelChips";
import { Nothing } from "@/shared/parts/Nothing";
import { PageHeader } from "@/shared/parts/PageHeader";
import { WhenAndWho } from "@/shared/parts/WhenAndWho";
import { useCan } from "@/shared/session";
import { type Column, DataTable } from "@/shared/table/DataTable";
import { useList } from "@/shared/table/use-list";
import { useSelection } from "@/shared/table/use-selection";
import { urls } from "@/shared/urls";

import { FILE_TYPES, type GivenFile, handOver, readConfigurationFiles } from "../files";
import { ImportDialog } from "../import/ImportDialog";
import { configFilters, configsQuery, useConfigActions } from "../queries";
import { useFileDrop } from "../use-file-drop";
import classes from "./ConfigsPage.module.css";
import { DeleteConfigsDialog } from "./DeleteConfigsDialog";

const DEFAULTS: ListDefaults = { sortBy: "name", sortOrder: "asc", filters: configFilters };

const COLUMNS: Column<ConfigSummary>[] = [
  { key: "name", header: "Name", sortBy: "name", cell: (config) => config.name },
  { key: "labels", header: "Labels", cell: (config) => <LabelChips labels={config.labels} /> },
  { key: "aliases", header: "Aliases", cell: (config) => <Aliases aliases={config.aliases} /> },
  { key: "agents", header: "Agents", cell: (config) => <Agents config={config} /> },
  { key: "version", header: "Version", cell: (config) => config.currentVersion },
  { key: "updated", header: "Last change", sortBy: "updatedAt", cell: (config) => <WhenAndWho at={config.updatedAt} by={config.updatedBy} /> },
];

export default function ConfigsPage() {
  const navigate = useNavigate();
  const mayWrite = useCan()("configs:write");
  const several = useDialog<GivenFile[]>();
  const take = async (files: File[]) => {
    // What is dropped onto the dialog comes here, too.
    if (several.opened) return;
    const read = await readConfigurationFiles(files);
    const [first] = read;
    if (read.length > 1) {
      several.open(read);
    } else if (first?.taken) {
      handOver(first.taken);
      void navigate(urls.newConfig);
    } else if (first) {
      notifyFailed(`Could not take ${first.fileName}`, first.problem);
    }
  };
  const target = useFileDrop((files) => void take(files), mayWrite);
  const create = mayWrite && (
    <>
      <FileButton accept={FILE_TYPES} multiple onChange={(files) => void take(files)}>
        {(props) => <Button {...props} variant="default" leftSection={<IconUpload size={16} />}>Import</Button>}
      </FileButton>
      <Button component={Link} to={urls.newConfig} leftSection={<IconPlus size={16} />}>New configuration</Button>
    </>
  );
  return (
    <div className={classes.page} {...target}>
      <PageHeader title="Configurations" lead="What Telegraf agents run. Agents fetch a configuration by its address and notice by themselves when it changes." actions={create} />
      <ConfigTable create={create} />
      <ImportDialog dialog={several} />
    </div>
  );
}

function ConfigTable({ create }: { create: React.ReactNode }) {
  const can = useCan();
  const list = useList(DEFAULTS);
  const query = useQuery(configsQuery(list));
  const labels = useQuery({ ...labelChoicesQuery, enabled: can("labels:read") }).data ?? [];
  const selection = useSelection<ConfigSummary>();
  const [remove, label] = [useDialog<ConfigSummary[]>(), useDialog<ConfigSummary[]>()];
  const actions = useConfigActions();
  const chosen = [...selection.rows.values()];
  const mayChange = can("configs:write") || can("configs:delete");
  return (
    <>
      <DataTable
        label="configurations"
        list={list}
        query={query}
        columns={COLUMNS}
        rowKey={(config) => config.id}
        rowName={(config) => config.name}
        rowHref={(config) => urls.config(config.id)}
        rowMenu={mayChange ? (config) => <ConfigMenu config={config} remove={remove} label={label} /> : undefined}
        search="Search configurations"
        filters={[{ name: "label", label: "Label", multiple: true, options: labels.map(({ id, name }) => ({ value: id, label: name })) }]}
        selection={mayChange ? selection : undefined}
        bulk={
          <>
            {can("configs:write") && <Button size="xs" variant="default" leftSection={<IconTag size={14} />} onClick={() => label.open(chosen)}>Labels…</Button>}
            {can("configs:delete") && <Button size="xs" variant="default" c="var(--mantine-color-error)" leftSection={<IconTrash size={14} />} onClick={() => remove.open(chosen)}>Delete…</Button>}
          </>
        }
        empty={{
          title: "No configurations yet",
          text: "A configuration is the TOML that Telegraf runs. Write one here or drop a file that you have.",
          icon: <IconFileSettings size={22} stroke={1.6} />,
          action: create,
        }}
      />
      <LabelsDialog
        opened={label.opened}
        onClose={label.close}
        title={label.subject?.length === 1 ? `Labels of ${label.subject[0]!.name}` : `Labels of ${counted(label.subject?.length ?? 0, "configuration")}`}
        carriers={label.subject ?? []}
        onChange={async (change) => {
          notifyBulk(await actions.label.mutateAsync({ ids: (label.subject ?? []).map((config) => config.id), ...change }), "labelled");
          selection.clear();
        }}
      />
      <DeleteConfigsDialog dialog={remove} onDone={selection.clear} />
    </>
  );
}

type ConfigMenuProps = { config: ConfigSummary; remove: Dialog<ConfigSummary[]>; label: Dialog<ConfigSummary[]> };

function ConfigMenu({ config, remove, label }: ConfigMenuProps) {
  const can = useCan();
  const navigate = useNavigate();
  const { duplicate } = useConfigActions();
  const copy = () =>
    duplicate.mutate(config.id, {
      onSuccess: (made) => void navigate(urls.config(made.id)),
      onError: (error) => notifyFailed("Could not duplicate", error),
    });
  return (
    <Menu>
      <Menu.Target><ActionIcon aria-label={`Actions for ${config.name}`}><IconDots size={17} /></ActionIcon></Menu.Target>
      <Menu.Dropdown>
        {can("configs:write") && <Menu.Item leftSection={<IconTag size={15} />} onClick={() => label.open([config])}>Labels…</Menu.Item>}
        {can("configs:write") && <Menu.Item leftSection={<IconCopy size={15} />} onClick={copy}>Duplicate</Menu.Item>}
        {can("configs:delete") && <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => remove.open([config])}>Delete…</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}

function Aliases({ aliases }: { aliases: string[] }) {
  if (aliases.length === 0) return <Nothing />;
  return <span className="tc-mono" title={aliases.join(", ")}>{aliases.slice(0, 2).join(", ")}{aliases.length > 2 && ` +${aliases.length - 2}`}</span>;
}

function Agents({ config }: { config: ConfigSummary }) {
  const groups = config.groups.length;
  if (config.agentCount === 0 && groups === 0) return <span className="tc-faint">none</span>;
  return (
    <span className="tc-nowrap">
      {config.agentCount > 0 && <Link to={urls.agentsWith({ config: config.id })}>{countText(config.agentCount)}</Link>}
      {groups > 0 && <span className="tc-faint">{config.agentCount > 0 && " + "}in {counted(groups, "group")}</span>}
    </span>
  );
}
