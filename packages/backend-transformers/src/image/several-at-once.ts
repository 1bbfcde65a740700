/**
 * Makes `count` things, at most `atOnce` at a time, and gives them in order.
 * @throws what the first of those that failed threw; after a failure none is begun
 */
export async function severalAtOnce<T>(count: number, atOnce: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made = new Array<T>(count);
  const failures: { readonly index: number; readonly error: unknown }[] = [];
  let next = 0;
  async function work(): Promise<void> {
    while (next < count && failures.length === 0) {
      const index = next++;
      try {
        made[index] = await make(index);
      } catch (error) {
        failures.push({ index, error });
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, work));
  const [first] = failures.toSorted((one, other) => one.index - other.index);
  if (first !== undefined) throw first.error;
  return made;
}
