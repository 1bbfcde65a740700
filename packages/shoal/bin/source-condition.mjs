/** A hook of Node's: the packages of the workspace resolve to their sources, as with `--conditions=@shoal/source`. */
export function resolve(specifier, context, nextResolve) {
  return nextResolve(specifier, { ...context, conditions: ["@shoal/source", ...context.conditions] });
}
