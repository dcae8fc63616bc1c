/** Quote a value for a POSIX shell. */
export function posixQuoted(value: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

/** Quote a value for PowerShell. */
export function powerShellQuoted(value: string): string {
  return `'${value.replace(/['\u2018\u2019\u201A\u201B]/g, "$&$&")}'`;
}

/** Write a text for a POSIX shell that puts an expression's value wherever two parts meet. */
export function posixJoined(parts: string[], expression: string): string {
  return `"${parts.map((part) => part.replace(/["\\$`]/g, "\\$&")).join(expression)}"`;
}

/** The same for PowerShell, which takes curly double quotes for straight ones. */
export function powerShellJoined(parts: string[], expression: string): string {
  return `"${parts.map((part) => part.replace(/["$`\u201C\u201D\u201E]/g, "`$&")).join(expression)}"`;
}

/** Quote a value as a basic string of TOML. */
export function tomlQuoted(value: string): string {
  // JSON escapes what TOML wants escaped, in the same way, but leaves DEL alone.
  return JSON.stringify(value).replaceAll("\x7f", "\\u007f");
}
