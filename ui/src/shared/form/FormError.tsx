import { isApiError, messageOf } from "@/api/errors";
import { Notice } from "@/shared/parts/Notice";

/** Why something that somebody asked for did not happen. Nothing while there is no error. */
export function FormError({ error }: { error: unknown }) {
  if (!error) return null;
  const requestId = isApiError(error) && typeof error.details.requestId === "string" ? error.details.requestId : "";
  return (
    <Notice tone="fail" role="alert">
      {messageOf(error)}
      {requestId && <> Request id: <code>{requestId}</code></>}
    </Notice>
  );
}
