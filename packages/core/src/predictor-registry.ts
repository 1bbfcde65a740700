import type { AnyDefinition } from "./define-predictor.ts";
import { ShoalError } from "./shoal-error.ts";

const symbol = Symbol.for("shoal.predictors");
const namesSymbol = Symbol.for("shoal.predictor-names");

/** Both are shared by every copy of this package in the realm, so that a bundled and an imported one meet. */
const realm = globalThis as { [symbol]?: Map<string, AnyDefinition>; [namesSymbol]?: DefinedNames };

/** What was defined by which evaluation of a module. */
interface DefinedNames {
  /** By `import.meta`: a module has one each time that it is evaluated. */
  readonly byMeta: WeakMap<object, Map<string, AnyDefinition>>;
  /** By URL, in the piece of synchronous code that runs now: for an `import.meta` that is written out anew at each call. */
  readonly now: Map<string, AnyDefinition>;
}

/**
 * Keeps a definition under module and name, where actors find it. A later one takes the place of an earlier one only if the module was
 * evaluated again meanwhile, as by hot reload. Within one evaluation it would be the other predictor that actors run, without a word.
 * @throws `predictor-name-taken`
 */
export function defineUnderName(meta: { readonly url: string }, name: string, definition: AnyDefinition): void {
  const { byMeta, now } = (realm[namesSymbol] ??= { byMeta: new WeakMap(), now: new Map() });
  const names = byMeta.get(meta) ?? new Map<string, AnyDefinition>();
  const full = `${meta.url}#${name}`;
  const earlier = names.get(name) ?? now.get(full);
  if (earlier !== undefined && earlier !== definition) throw nameTaken(meta.url, name);
  byMeta.set(meta, names.set(name, definition));
  // Bundlers and compilers to CommonJS put `{ url }` in place of `import.meta`, another object at each call. No module is evaluated twice without a pause.
  if (now.size === 0) queueMicrotask(() => now.clear());
  now.set(full, definition);
  registerDefinition(meta.url, name, definition);
}

function nameTaken(module: string, name: string): ShoalError {
  return new ShoalError("predictor-name-taken", `Two predictors of ${module} are named "${name}". An actor finds a predictor by module and name, so it would run only one of them.`, {
    hint: "Give each a name of its own. Where they differ by a value that a function closes over, define one predictor that takes the value: setup(actor, args), and mapBatches(step, { args }).",
    failure: "bug",
    details: { module, name },
  });
}

/** The definition that a module registered under a name, if it has run here. */
export function findDefinition(url: string, name: string): AnyDefinition | undefined {
  return realm[symbol]?.get(registryKey(url, name));
}

/** Registers a definition under the URL that a spec names: for bundles, where a worker entry hands its predictors over. */
export function registerDefinition(url: string, name: string, definition: AnyDefinition): void {
  (realm[symbol] ??= new Map()).set(registryKey(url, name), definition);
}

function registryKey(url: string, name: string): string {
  return `${url.split(/[?#]/)[0]}#${name}`;
}
