import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "@/api/client";
import { sessionKeys } from "@/shared/session";

export function useAccountActions() {
  const client = useQueryClient();
  return {
    change: useMutation({
      mutationFn: (body: { username: string; email: string }) => api.patch("/api/account", { body }),
      onSuccess: () =>
        Promise.all([sessionKeys.me, ["users"], ["tokens"]].map((queryKey) => client.invalidateQueries({ queryKey }))),
    }),
    changePassword: useMutation({
      mutationFn: (body: { currentPassword: string; newPassword: string }) => api.post("/api/account/password", { body }),
    }),
  };
}
