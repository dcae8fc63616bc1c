/** A value that is not there. On a phone, where each value has a line, the line is left out. */
export function Nothing() {
  return <span className="tc-faint" data-nothing>–</span>;
}
