/** Whether a text has no half of a surrogate pair alone. All that we run on knows the method, and the TypeScript library of users who compile our sources for ES2023 does not. */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
