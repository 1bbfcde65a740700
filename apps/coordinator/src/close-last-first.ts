/** Closes what was opened, the last first; one that fails keeps none of the others open. @throws what the first that failed threw */
export async function closeLastFirst(opened: readonly (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const close of [...opened].reverse()) {
    try {
      await close();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
