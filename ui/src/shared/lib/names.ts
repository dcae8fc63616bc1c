/** What is wrong with a username, or null. */
export function usernameProblem(value: string): string | null {
  return /^[A-Za-z0-9._-]{3,50}$/.test(value) ? null : "3 to 50 letters, digits, dots, hyphens or underscores";
}

/** What is wrong with an e-mail address, or null. The server looks closer. */
export function emailProblem(value: string): string | null {
  return /^\S+@\S+$/.test(value) ? null : "An e-mail address, such as name@example.com";
}
