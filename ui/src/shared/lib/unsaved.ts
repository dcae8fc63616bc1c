const guards = new Set<object>();

/** Note that there is unsaved work until the returned function is called. */
export function noteUnsavedWork(): () => void {
  const guard = {};
  guards.add(guard);
  return () => guards.delete(guard);
}

/** Tell whether some page or form holds work that would be lost with it. */
export function hasUnsavedWork(): boolean {
  return guards.size > 0;
}
