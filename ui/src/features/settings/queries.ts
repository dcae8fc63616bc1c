import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "@/api/client";
import type { SettingsPatch } from "@/api/types";
import { endpointsQuery } from "@/shared/endpoints";
import { settingsKey } from "@/shared/settings";

export function useChangeSettings() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: SettingsPatch) => api.patch("/api/settings", { body }),
    onSuccess: (settings) => {
      client.setQueryData(settingsKey, settings);
      return client.invalidateQueries({ queryKey: endpointsQuery.queryKey });
    },
  });
}
