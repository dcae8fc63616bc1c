import { Button } from "@mantine/core";
import { IconBug } from "@tabler/icons-react";
import { useRouteError } from "react-router";

import { EmptyState } from "@/shared/parts/states";

/** A page broke. After an update of the server, the files of the page may have other names: loading anew helps. */
export function RouteFailure() {
  const error = useRouteError();
  return (
    <div role="alert">
      <title>Error · Telegraf Controller</title>
      <EmptyState
        tone="fail"
        icon={<IconBug size={22} stroke={1.6} />}
        title="This page could not be shown"
        text={error instanceof Error ? error.message : "Something unexpected happened."}
        action={<Button size="xs" variant="default" onClick={() => location.reload()}>Load the page anew</Button>}
      />
    </div>
  );
}
