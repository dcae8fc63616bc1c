import { notifications } from "@mantine/notifications";

import { messageOf } from "@/api/errors";
import type { BulkAnswer } from "@/api/types";

/** Say that something was done. */
export function notifyDone(message: string): void {
  notifications.show({ message, color: "teal", autoClose: 4000 });
}

/** Say that something failed that has no place of its own to say so. */
export function notifyFailed(title: string, error: unknown): void {
  notifications.show({ title, message: messageOf(error), color: "red", autoClose: 10_000, role: "alert" });
}

/** Say what a bulk call did: `notifyBulk(answer, "revoked")`. */
export function notifyBulk(answer: BulkAnswer, done: string): void {
  const failed = answer.results.filter((result) => !result.ok);
  if (failed.length === 0) {
    notifyDone(`${answer.succeeded} ${done}.`);
    return;
  }
  const reasons = [...new Set(failed.map((result) => result.error?.replaceAll("_", " ") ?? "failed"))].join(", ");
  notifications.show({
    title: `${answer.succeeded} ${done}, ${answer.failed} not`,
    message: reasons,
    color: answer.succeeded ? "yellow" : "red",
    autoClose: 10_000,
  });
}
