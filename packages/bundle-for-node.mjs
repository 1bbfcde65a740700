// Makes of every package and app whose exports have a "node" condition one file for each of them, and a few for what they load later. Node resolves, reads and compiles
// module by module, some half a millisecond each: a job and its actors would load hundreds of ours before they do anything.
// Run after tsc (npm run compile); the modules that tsc writes stay for bundlers and pages.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

/** Modules that are started by their file's name, beside whoever starts them. */
const startedByName = {
  io: ["node/decode-thread-worker"],
  "backend-onnx-node": ["session-thread", "probe-process"],
};

/** Modules that look for files from where they lie themselves: a bundle imports them. */
const findFilesBeside = new Set(["#dashboard-page"]);

const folders = ["packages", "apps"].flatMap((kind) => {
  const all = new URL(`../${kind}/`, import.meta.url);
  return readdirSync(all).map((name) => ({ name, folder: new URL(`${name}/`, all) }));
});
await Promise.all(folders.filter(({ folder }) => existsSync(new URL("package.json", folder))).map(bundlePackage));

async function bundlePackage({ name, folder }) {
  const { exports = {} } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
  const exported = Object.values(exports).flatMap(bundled);
  if (exported.length === 0) return;
  const dir = fileURLToPath(new URL("dist/bundle/", folder));
  rmSync(dir, { recursive: true, force: true });
  const fileOf = (file) => fileURLToPath(new URL(file, folder));
  await bundleInto(dir, Object.fromEntries(exported.map(([entry, file]) => [entry, fileOf(file)])));
  // Each by itself: whatever it shared with the others could come to lie in it, and importing that would start it.
  for (const module of startedByName[name] ?? []) await bundleInto(dir, { [nameOf(module)]: fileOf(`./dist/${module}.js`) });
}

async function bundleInto(dir, input) {
  const bundle = await rolldown({
    input,
    platform: "node",
    // Libraries stay imports, so that a realm has one of each: a user's table and ours are of one Apache Arrow.
    external: (id) => findFilesBeside.has(id) || !/^[./#]/.test(id) && !/^[A-Za-z]:/.test(id),
    onLog: (level, log, show) => (log.code === "INEFFECTIVE_DYNAMIC_IMPORT" ? undefined : show(level, log)),
  });
  await bundle.write({ dir, format: "esm", entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" });
  await bundle.close();
}

/** The bundles that conditions name, with the module that each is made of: the one for whoever is not Node. */
function bundled(conditions) {
  if (typeof conditions !== "object") return [];
  const own = typeof conditions.node === "string" ? [[nameOf(conditions.node), conditions.default]] : [];
  return [...own, ...Object.values(conditions).flatMap(bundled)];
}

/** The last part of a module's path. */
function nameOf(path) {
  return path.replace(/^.*\//, "").replace(/\.js$/, "");
}
