import { Button } from "@mantine/core";
import { IconBug } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useRouteError } from "react-router";

import { EmptyState, Loading } from "@/shared/parts/states";
import { paths } from "@/shared/urls";

/**
 * A page broke. When the controller was updated since this tab was opened, the files of the page have other names, and
 * loading anew is all that is needed: that happens by itself.
 */
export function RouteFailure() {
  const error = useRouteError();
  const [waiting, setWaiting] = useState(true);
  useEffect(() => {
    void wasUpdated().then((updated) => (updated ? location.reload() : setWaiting(false)));
  }, []);
  if (waiting) return <Loading />;
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

/** Tell whether the controller now serves another build of the interface than the one in this tab. */
async function wasUpdated(): Promise<boolean> {
  const running = [...document.querySelectorAll('script[type="module"]')].map((script) => script.getAttribute("src"));
  try {
    const page = await fetch(paths.home, { headers: { Accept: "text/html" }, cache: "no-store" });
    const text = await page.text();
    return page.ok && running.some((file) => file !== null && !text.includes(`"${file}"`));
  } catch {
    return false;
  }
}
