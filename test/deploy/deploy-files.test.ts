// What stands in apps/coordinator/deploy names what there is: flags, variables, images, metrics, addresses. Docker and Kubernetes are not here; `helm template` is run where there is a helm.
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { shoal } from "../cli/shoal.ts";
import { deploy, documents, findHelm, root, sources, templates, text, yaml } from "./deploy-files.ts";

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly target: string };
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
}

const compose = yaml("compose.yaml") as { readonly services: Readonly<Record<string, Service>>; readonly volumes: Readonly<Record<string, unknown>> };
const all = sources();

const flags = new Map<string, Promise<Set<string>>>();

function flagsOf(command: string): Promise<Set<string>> {
  const known = flags.get(command) ?? shoal([command, "--help"], root).then(({ out }) => new Set([...out.matchAll(/(--[a-z][a-z-]*)/g)].map(([flag]) => flag)));
  flags.set(command, known);
  return known;
}

/** Those that the command, with which these words begin, does not take. */
async function unknownFlags(words: readonly string[]): Promise<string[]> {
  const known = await flagsOf(words[0] ?? "");
  return words.filter((word) => word.startsWith("--") && !known.has(word));
}

/** What a service of the compose file names, and is not there. */
async function missing(name: string, { image, build, command = [], entrypoint = [], environment = {}, volumes = [], depends_on: before = [] }: Service): Promise<string[]> {
  const services = Object.keys(compose.services);
  const lacks: string[] = [];
  const demand = (what: string, isThere: boolean): void => void (isThere ? undefined : lacks.push(`${name}: ${what}`));
  demand(`image ${image}`, build === undefined ? image === "nats:2.15.1-alpine" : new RegExp(`^FROM .* AS ${build.target}$`, "m").test(text("Dockerfile")));
  if (build !== undefined) demand(build.dockerfile, existsSync(join(deploy, build.context, build.dockerfile)));
  for (const volume of volumes) {
    const [from = ""] = volume.split(":");
    // What stands in certs is made by the script.
    demand(volume, from.startsWith("./") ? from.startsWith("./certs") || existsSync(join(deploy, from)) : from in compose.volumes);
  }
  for (const other of Array.isArray(before) ? (before as readonly string[]) : Object.keys(before)) demand(other, services.includes(other));
  for (const variable of Object.keys(environment)) demand(variable, name.startsWith("nats") ? text("nats.conf").includes(`$${variable}`) : all.includes(`"${variable}"`));
  const words = name === "worker" ? ["work", ...(entrypoint[2] ?? "").split(" ")] : command;
  if (words[0] === "serve" || words[0] === "work") lacks.push(...(await unknownFlags(words)));
  if (words[0] !== "serve") return lacks;
  const after = (flag: string): string => command[command.indexOf(flag) + 1] ?? "";
  for (const host of after("--engine").replace("tls://", "").split(",")) demand(host, services.includes(host));
  for (const host of after("--gateways").split(",")) demand(host, compose.services[host.split(":")[0] ?? ""]?.command?.includes(host.split(":")[1] ?? "") === true);
  demand("its own address", after("--base-url") === `http://${name}:${after("--port")}/`);
  return lacks;
}

test("compose: services start what there is, with flags and variables that are read", { timeout: 60_000 }, async () => {
  const { services } = compose;
  expect(Object.keys(services).sort()).toEqual(["folders", "gateway-a", "gateway-b", "nats-1", "nats-2", "nats-3", "worker"]);
  expect((await Promise.all(Object.entries(services).map(([name, service]) => missing(name, service)))).flat()).toEqual([]);
  // Each node has a name of its own, under which its certificate and its routes know it.
  for (const node of ["nats-1", "nats-2", "nats-3"]) {
    const { NATS_NAME, NATS_CERT, NATS_KEY, NATS_ROUTES } = services[node]?.environment ?? {};
    expect([NATS_NAME, NATS_CERT, NATS_KEY]).toEqual([node, `/etc/nats/certs/${node}.pem`, `/etc/nats/certs/${node}.key`]);
    expect(NATS_ROUTES).toContain(`tls://${node}:6222`);
  }
});

test("the values for the chart of NATS say what nats.conf says", () => {
  const { config, container } = yaml("nats-values.yaml") as {
    config: { cluster: { replicas: number; tls: object }; jetstream: { merge: object }; nats: { tls: object }; merge: { max_payload: string; system_account: string; accounts: Record<string, { users: { user: string; password: string; permissions?: { publish: { allow: string[] }; subscribe: { allow: string[] } } }[] }> } };
    container: { image: { tag: string }; env: Record<string, unknown> };
  };
  const conf = text("nats.conf");
  expect(config).toMatchObject({ cluster: { replicas: 3, tls: { enabled: true, merge: { verify: true } } }, nats: { tls: { enabled: true } }, jetstream: { merge: { sync_interval: "always" } }, merge: { max_payload: "<< 1MB >>", system_account: "SYS" } });
  expect(conf).toMatch(/sync_interval: always[^]*system_account: SYS/);
  expect(container.image.tag).toBe("2.15.1-alpine");
  const users = Object.values(config.merge.accounts).flatMap((account) => account.users);
  expect(users.map(({ user }) => user)).toEqual([...conf.matchAll(/user: (\w+)/g)].map(([, user]) => user));
  for (const { user, password, permissions } of users) {
    const variable = /^<< \$(\w+) >>$/.exec(password)?.[1] ?? "";
    expect(conf).toMatch(new RegExp(`user: ${user},?\\s+password: \\$${variable}\\b`));
    expect(Object.keys(container.env)).toContain(variable);
    if (permissions === undefined) continue;
    const [, publish = "", subscribe = ""] = new RegExp(`user: ${user}\\b[^]*?publish \\{\\s*allow: \\[([^\\]]*)\\]\\s*\\}\\s*subscribe \\{ allow: \\[([^\\]]*)\\]`).exec(conf) ?? [];
    const quoted = (list: string): (string | undefined)[] => [...list.matchAll(/"([^"]+)"/g)].map(([, subject]) => subject);
    expect([permissions.publish.allow, permissions.subscribe.allow]).toEqual([quoted(publish), quoted(subscribe)]);
  }
});

test("chart: templates use values that there are, flags that are taken, variables that are read, addresses that answer, a metric that is told", { timeout: 60_000 }, async () => {
  const values = yaml("chart/values.yaml") as Record<string, unknown>;
  const used = templates().flatMap(({ text: template }) => [...template.matchAll(/\.Values\.([\w.]+)/g)].map(([, path = ""]) => path));
  const valueAt = (path: string): unknown => path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], values);
  expect(used.length).toBeGreaterThan(20);
  expect([...new Set(used)].filter((path) => valueAt(path) === undefined)).toEqual([]);
  const leaves = (value: unknown, path = ""): string[] => (value !== null && typeof value === "object" ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === "" ? key : `${path}.${key}`)) : [path]);
  expect(leaves(values).filter((path) => !used.some((each) => path === each || path.startsWith(`${each}.`))), "values that no template uses").toEqual([]);
  const gateways = text("chart/templates/gateways.yaml");
  const given = [...gateways.matchAll(/^ +- (--[a-z-]+)$/gm)].map(([, flag = ""]) => flag);
  expect(given.length).toBeGreaterThan(8);
  expect(await unknownFlags(["serve", ...given])).toEqual([]);
  const workers = text("chart/templates/workers.yaml");
  expect(await unknownFlags(/args: \[([^\]]+)\]/.exec(workers)?.[1]?.split(", ") ?? [])).toEqual([]);
  const variables = [...`${gateways}${workers}`.matchAll(/- name: (SHOAL_\w+)/g)].map(([, variable = ""]) => variable);
  expect(variables.length).toBeGreaterThan(0);
  expect(variables.filter((variable) => !all.includes(`"${variable}"`))).toEqual([]);
  const probes = [...gateways.matchAll(/path: (\/\w+z)\b/g)].map(([, path = ""]) => path);
  expect(probes.length).toBeGreaterThan(0);
  expect(probes.filter((path) => !all.includes(`.get("${path}"`))).toEqual([]);
  const [, metric = ""] = /query: sum\((\w+)\{/.exec(workers) ?? [];
  expect(metric).toBe("shoal_backlog_blocks");
  expect(all).toContain(`"${metric}"`);
});

test.skipIf(findHelm() === undefined)("helm renders the chart, with and without what is optional", { timeout: 60_000 }, () => {
  const rendered = (...settings: readonly string[]): { kind: string }[] =>
    documents(execFileSync(findHelm() ?? "", ["template", "s", join(deploy, "chart"), ...settings.flatMap((setting) => ["--set", setting])], { encoding: "utf8" })).filter((each): each is { kind: string } => each !== null);
  const whole = rendered();
  expect(whole.map(({ kind }) => kind).sort()).toEqual(["Deployment", "Deployment", "PodDisruptionBudget", "PodMonitor", "ScaledObject", "Service"]);
  const args = JSON.stringify(whole);
  expect(args).toContain('"--engine","tls://nats:4222","--engine-ca","/etc/shoal/engine/ca.crt","--replicas","3","--store","/store"');
  expect(args).toContain('"http://s-gateway:7070/"');
  expect(args).toContain('sum(shoal_backlog_blocks{namespace=\\"default\\",device=~\\"any|.*cpu.*\\"})');
  const bare = rendered("autoscaling.enabled=false", "podMonitor.enabled=false", "store.claim=", "store.credentialsSecret=s3", "store.place=s3://b/p", "workers.min=3", "gateways.baseUrl=https://shoal.example/");
  expect(bare.map(({ kind }) => kind).sort()).toEqual(["Deployment", "Deployment", "PodDisruptionBudget", "Service"]);
  const text = JSON.stringify(bare);
  for (const part of ['"replicas":3', '"secretRef":{"name":"s3"}', '"s3://b/p"', '"https://shoal.example/"']) expect(text).toContain(part);
  expect(text).not.toContain("persistentVolumeClaim");
});

test("the Dockerfile builds with scripts that there are, and leaves native libraries to workers", () => {
  const dockerfile = text("Dockerfile");
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };
  const run = [...dockerfile.matchAll(/npm run ([\w:]+)/g)].map(([, script = ""]) => script);
  expect(run.length).toBeGreaterThan(0);
  expect(run.filter((script) => !Object.hasOwn(scripts, script))).toEqual([]);
  expect(scripts["tarballs"]).toContain("out/tarballs");
  const [, gateway = "", worker = ""] = dockerfile.split(/^FROM .*$/m).slice(1);
  expect(gateway).not.toContain("onnxruntime");
  expect(worker).toContain("onnxruntime-node");
  for (const stage of [gateway, worker]) expect(stage).toMatch(/^USER node$/m);
});

test("the script makes certificates by which nodes are known, for their names and no others", () => {
  const folder = mkdtempSync(join(tmpdir(), "shoal-certs-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const make = (...nodes: readonly string[]): void => void execFileSync("sh", [join(deploy, "certificates.sh"), folder, ...nodes]);
  make("nats-1", "nats-2");
  make("nats-3");
  const authority = new X509Certificate(readFileSync(join(folder, "authority.pem")));
  for (const node of ["nats-1", "nats-2", "nats-3"]) {
    const certificate = new X509Certificate(readFileSync(join(folder, `${node}.pem`)));
    expect([certificate.verify(authority.publicKey), certificate.checkHost(node), certificate.checkHost("nats-9"), certificate.ca]).toEqual([true, node, undefined, false]);
    expect(statSync(join(folder, `${node}.key`)).mode & 0o077).toBe(0);
  }
});
