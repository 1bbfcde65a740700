/** Whether a path names one of a page's own files: `opfs:/folder/a.jsonl`. */
export function isOpfsPath(path: string): boolean {
  return path.startsWith("opfs:");
}
