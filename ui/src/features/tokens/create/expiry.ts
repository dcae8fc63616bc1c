export const EXPIRY_CHOICES = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "1 year" },
  { value: "date", label: "Date" },
  { value: "never", label: "Never" },
] as const;

export type Expiry = { choice: (typeof EXPIRY_CHOICES)[number]["value"]; date: string };

/** The instant that a choice means, as the API takes it; null for never. A date ends with its day in this browser's zone. */
export function expiryInstant({ choice, date }: Expiry, now: Date): string | null {
  if (choice === "never") return null;
  if (choice === "date") return new Date(`${date}T23:59:59`).toISOString();
  return new Date(now.getTime() + Number(choice) * 86_400_000).toISOString();
}

/** What is wrong with a choice, or null. */
export function expiryProblem({ choice, date }: Expiry, now: Date): string | null {
  if (choice !== "date") return null;
  const end = new Date(`${date}T23:59:59`).getTime();
  if (Number.isNaN(end)) return "Choose a date";
  return end > now.getTime() ? null : "Choose a date in the future";
}
