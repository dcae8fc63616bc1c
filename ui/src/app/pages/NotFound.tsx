import { Button } from "@mantine/core";
import { IconCompass } from "@tabler/icons-react";
import { Link } from "react-router";

import { EmptyState } from "@/shared/parts/states";
import { paths } from "@/shared/urls";

export function NotFound() {
  return (
    <>
      <title>Not found · Telegraf Controller</title>
      <EmptyState
        icon={<IconCompass size={22} stroke={1.6} />}
        title="There is no page here"
        text="The address may be mistyped, or what it showed has been removed."
        action={<Button component={Link} to={paths.home} size="xs" variant="default">To the start</Button>}
      />
    </>
  );
}
