import { Radio, Stack } from "@mantine/core";

import type { GivenRole, ROLES } from "../roles";

type RoleFieldProps = {
  roles: typeof ROLES;
  value?: GivenRole;
  onChange?: (role: GivenRole) => void;
  error?: React.ReactNode;
};

export function RoleField({ roles, value, onChange, error }: RoleFieldProps) {
  return (
    <Radio.Group label="Role" value={value} onChange={(role) => onChange?.(role)} error={error}>
      <Stack gap={8} mt={6}>
        {roles.map((role) => <Radio key={role.value} size="xs" value={role.value} label={role.label} description={role.description} />)}
      </Stack>
    </Radio.Group>
  );
}
