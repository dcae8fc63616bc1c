/** Quote a value for a POSIX shell. */
export function posixQuoted(value: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

/** Quote a value for PowerShell. */
export function powerShellQuoted(value: string): string {
  return `'${value.replace(/['\u2018\u2019\u201A\u201B]/g, "$&$&")}'`;
}

/** Quote a value as a basic string of TOML. */
export function tomlQuoted(value: string): string {
  // JSON escapes what TOML wants escaped, in the same way, but leaves DEL alone.
  return JSON.stringify(value).replaceAll("\x7f", "\\u007f");
}
