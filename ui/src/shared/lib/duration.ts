export type Unit = "s" | "min" | "h" | "days";

export const UNIT_SECONDS: Record<Unit, number> = { s: 1, min: 60, h: 3_600, days: 86_400 };

/** A duration in the largest unit that says it in whole numbers: 5,400 s are 90 min. */
export function splitDuration(seconds: number): { amount: number; unit: Unit } {
  const units = (Object.keys(UNIT_SECONDS) as Unit[]).reverse();
  const unit = units.find((one) => seconds % UNIT_SECONDS[one] === 0 && seconds >= UNIT_SECONDS[one]) ?? "s";
  return { amount: seconds / UNIT_SECONDS[unit], unit };
}

export function joinDuration(amount: number, unit: Unit): number {
  return Math.round(amount * UNIT_SECONDS[unit]);
}
