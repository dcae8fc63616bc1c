import { Modal, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";

import type { ConfigVersion } from "@/api/types";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { Loading, LoadError } from "@/shared/parts/states";

import { versionQuery } from "../queries";
import classes from "../editor/Compare.module.css";

const TomlEditor = lazy(() => import("../editor/TomlEditor"));

/** The text of one version, to read. */
export function VersionDialog({ dialog, configId }: { dialog: Dialog<ConfigVersion>; configId: string }) {
  return (
    <Modal opened={dialog.opened} onClose={dialog.close} size="min(960px, 96vw)" title={<Text fw={620}>Version {dialog.subject?.version}</Text>}>
      {dialog.subject && <VersionText configId={configId} version={dialog.subject.version} />}
    </Modal>
  );
}

function VersionText({ configId, version }: { configId: string; version: number }) {
  const query = useQuery(versionQuery(configId, version));
  if (query.isError) return <LoadError what="the version" error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Loading />;
  return (
    <div className={classes.frame}>
      <div className={classes.text}>
        <Suspense fallback={<Loading />}><TomlEditor start={query.data.toml} label={`Version ${version}`} readOnly /></Suspense>
      </div>
    </div>
  );
}
