import type { PasswordComplexity } from "@/api/types";

export type PasswordRule = { text: string; met: boolean };

const LEAST: Record<PasswordComplexity, number> = { low: 8, medium: 10, high: 12 };

/** What a new password has to fulfil, and whether it does. The server decides; this only shows it while typing. */
export function passwordRules(password: string, complexity: PasswordComplexity): PasswordRule[] {
  const rules: PasswordRule[] = [
    { text: `At least ${LEAST[complexity]} characters`, met: Array.from(password).length >= LEAST[complexity] },
  ];
  if (complexity === "low") return rules;
  rules.push(
    { text: "An upper-case letter", met: /\p{Lu}/u.test(password) },
    { text: "A lower-case letter", met: /\p{Ll}/u.test(password) },
    { text: "A digit", met: /\p{Nd}/u.test(password) },
  );
  if (complexity === "high") rules.push({ text: "A special character", met: /[^\p{L}\p{N}]/u.test(password) });
  return rules;
}
