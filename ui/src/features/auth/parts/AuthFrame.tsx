import { Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { BrandMark } from "@/shared/parts/BrandMark";
import { authStatusQuery } from "@/shared/session";

import classes from "./AuthFrame.module.css";

/** What the pages have in common that people see before they are signed in. */
export function AuthFrame({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  const version = useQuery(authStatusQuery).data?.version;
  return (
    <main className={classes.frame} tabIndex={-1}>
      <title>{`${title} · Telegraf Controller`}</title>
      <div className={classes.brand}>
        <BrandMark size={32} />
        Telegraf Controller
      </div>
      <div className={classes.card}>
        <Title order={1}>{title}</Title>
        <div className={classes.lead}>{lead}</div>
        {children}
      </div>
      <div className={classes.footer}>{version ? `Version ${version}` : "\u00a0"}</div>
    </main>
  );
}
