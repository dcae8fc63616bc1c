import { PasswordInput, type PasswordInputProps } from "@mantine/core";

/** A password: its field says when it is wrong to those who hear it too, and it can be made readable by keyboard. */
export function PasswordField(props: PasswordInputProps) {
  return (
    <PasswordInput
      maxLength={1024}
      aria-invalid={props.error ? true : undefined}
      visibilityToggleFocusable
      visibilityToggleButtonProps={{ "aria-label": "Show the password" }}
      {...props}
    />
  );
}
