/** How the command writes a flag that commander has parsed: `--max-rows-per-file` of `maxRowsPerFile`. */
export function flagName(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
