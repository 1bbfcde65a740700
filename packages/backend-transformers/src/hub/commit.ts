/** Whether a revision is a commit, whose files never change; that of a branch or a tag do. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}
