/** Whether an error says that a script could not be had, in the words of Chromium, Firefox and Safari: the coordinator has them, and may be away. */
export function isNotLoaded(message: string): boolean {
  return /dynamically imported module|importing a module script failed/i.test(message);
}
