import { Alert } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";

import { isApiError, messageOf } from "@/api/errors";

/** Why something that somebody asked for did not happen. Nothing while there is no error. */
export function FormError({ error }: { error: unknown }) {
  if (!error) return null;
  const requestId = isApiError(error) && typeof error.details.requestId === "string" ? error.details.requestId : "";
  return (
    <Alert color="red" variant="light" icon={<IconAlertCircle size={18} />} role="alert" py={10}>
      {messageOf(error)}
      {requestId && <> Request id: <code>{requestId}</code></>}
    </Alert>
  );
}
