/** Make something when it is first asked for. A page's first formatter of the browser takes it 30 ms. */
export function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
