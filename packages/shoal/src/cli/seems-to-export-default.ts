/** Whether a module seems to have a default export, before it is run: its rows may then go to standard output. */
export function seemsToExportDefault(source: string): boolean {
  return /^\s*export\s+default\b|\bas\s+default\b|^\s*export\s*\{[^}]*\bdefault\b|\bexports\b/m.test(source);
}
