import { sha256Of, type BundlePredictor } from "@shoal/cluster";
import { ShoalError, type ModulePredictorSpec } from "@shoal/core";
import { formatBytes } from "@shoal/executor";
import type * as Rolldown from "rolldown";
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { doors } from "../doors/all.ts";
import type { Doors } from "../doors/doors-symbol.ts";

/** More than this is not code but something that was packed into it. */
const mostBytes = 16 * 2 ** 20;
const shim = "\0shoal:";

/**
 * The module of a predictor with all that it imports, as one ES module. Of shoal itself nothing goes along: the code finds the one of the actor
 * that it runs in. Modules of Node stay imports.
 * @throws `bundler-missing`; `code-not-portable` where it reads files beside it, is no file itself, or imports what can't be bundled
 */
export const bundlePredictor: BundlePredictor = async (spec) => {
  if (!/^file:/i.test(spec.module)) throw notPortable(spec, `its module ${spec.module} is no file`, "Run the job from a file of this machine.");
  const { rolldown } = await importBundler();
  const code = await bundled(rolldown, spec, fileURLToPath(spec.module));
  const bytes = new TextEncoder().encode(code);
  if (bytes.byteLength > mostBytes) throw notPortable(spec, `its code has ${formatBytes(bytes.byteLength)}, and may have ${formatBytes(mostBytes)}`, "Import less: models and data are not code.");
  return {
    path: `${spec.export}.mjs`, bytes: bytes.byteLength, sha256: await sha256Of(bytes),
    async *read() {
      yield bytes;
    },
  };
};

async function bundled(rolldown: typeof Rolldown.rolldown, spec: ModulePredictorSpec, input: string): Promise<string> {
  const refusals: ShoalError[] = [];
  try {
    await using bundle = await rolldown({
      input, platform: "node", external: (id) => isBuiltin(id), logLevel: "silent",
      plugins: [shoalOfTheActor, refuseNeighbours(spec, refusals)],
    });
    const { output } = await bundle.generate({ format: "esm", codeSplitting: false, sourcemap: false });
    return output[0].code;
  } catch (cause) {
    const [refusal] = refusals;
    if (refusal !== undefined) throw refusal;
    throw notPortable(spec, `what it imports can't be bundled: ${ShoalError.from(cause).message}`, "Import only JavaScript and TypeScript; for models use actor.onnx(url) or loadPredictor(…), which every worker has.", cause);
  }
}

/** Imports of shoal become look-ups of the actor's own. */
const shoalOfTheActor: Rolldown.Plugin = {
  name: "shoal-of-the-actor",
  resolveId: (id) => (id in doors ? { id: `${shim}${id}`, moduleSideEffects: false } : null),
  async load(id) {
    if (!id.startsWith(shim)) return null;
    const door = id.slice(shim.length) as keyof Doors;
    const names = Object.keys(await doors[door]()).filter((name) => name !== "default");
    return `const doors = globalThis[Symbol.for("shoal.doors")];
if (doors === undefined) throw new Error("This code runs in actors of shoal only.");
export const { ${names.join(", ")} } = await doors[${JSON.stringify(door)}]();`;
  },
};

/** A file beside the module would not be there. What a plugin throws the bundler changes: what is to be said is kept aside. */
function refuseNeighbours(spec: ModulePredictorSpec, refusals: ShoalError[]): Rolldown.Plugin {
  return {
    name: "no-neighbours",
    transform(code, id) {
      const reads = /new URL\(\s*(["'`])(?<path>(?!data:|https?:)[^"'`]*)\1\s*,\s*import\.meta\.url/.exec(code)?.groups?.["path"];
      if (reads === undefined) return null;
      refusals.push(notPortable(spec, `${id} reads ${reads} beside it, and files don't go along`, "Give the file a place on the web, or let the predictor run here: connect(link) without code."));
      throw new Error("refused");
    },
  };
}

async function importBundler(): Promise<typeof Rolldown> {
  try {
    return await import("rolldown");
  } catch (cause) {
    throw new ShoalError("bundler-missing", "The package rolldown, which makes one file of a predictor's code, can't be imported.", { cause, failure: "bug", hint: "Install it: npm install rolldown; or connect without code." });
  }
}

function notPortable(spec: ModulePredictorSpec, why: string, hint: string, cause?: unknown): ShoalError {
  return new ShoalError("code-not-portable", `The predictor "${spec.name}" can't travel as code: ${why}.`, { failure: "bug", hint, ...(cause !== undefined && { cause }), details: { module: spec.module } });
}
