import { Title } from "@mantine/core";
import { IconChevronLeft } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "react-router";

import classes from "./PageHeader.module.css";

type PageHeaderProps = {
  title: string;
  lead?: ReactNode;
  badge?: ReactNode;
  back?: { to: string; label: string };
  actions?: ReactNode;
};

/** The head of a page: its name, also in the window's title, one sentence, and what can be done here. */
export function PageHeader({ title, lead, badge, back, actions }: PageHeaderProps) {
  return (
    <header className={classes.header}>
      <title>{`${title} · Telegraf Controller`}</title>
      <div className={classes.titles}>
        {back && (
          <Link className={classes.back} to={back.to}>
            <IconChevronLeft size={13} aria-hidden />
            {back.label}
          </Link>
        )}
        <div className={classes.title}>
          <Title order={1}>{title}</Title>
          {badge}
        </div>
        {lead && <div className={classes.lead}>{lead}</div>}
      </div>
      {actions && <div className={classes.actions}>{actions}</div>}
    </header>
  );
}
