import type { ShoalError } from "@shoal/core";
import type { NatsPermission, NatsReport, NatsServerReport, NatsStreamReport } from "@shoal/engine-nats";
import { natsSettings, type EngineFlags } from "./engine-flags.ts";
import { importNats } from "./open-shared-engine.ts";
import { tryStore, type StoreReport } from "./try-store.ts";

export interface EngineDoctorFlags extends EngineFlags {
  readonly engineMonitors?: readonly string[];
  readonly engineLook?: true;
  readonly json?: true;
}

/**
 * Looks at an engine and a store, tries both, and says what is wrong and what to do.
 * @returns whether everything is right
 * @throws `bad-option`, `missing-library`
 */
export async function doctorEngine(flags: EngineDoctorFlags, environment: NodeJS.ProcessEnv, write: (text: string) => void): Promise<boolean> {
  const engine = flags.engine === undefined ? undefined : await inspect(flags, environment);
  const store = flags.store === undefined ? undefined : await tryStore(flags.store, environment);
  const problems = [...(engine?.report.problems ?? []), ...(store?.problem === undefined ? [] : [store.problem])];
  // Takers of such servers know what they do.
  const severe = problems.filter(({ code }) => !(flags.engineUnsafe && code === "engine-too-old"));
  if (flags.json) write(`${JSON.stringify({ ok: severe.length === 0, ...(engine !== undefined && { engine: asJson(engine) }), ...(store !== undefined && { store: { ...store, ...(store.problem !== undefined && { problem: store.problem.toPublicData() }) } }) })}\n`);
  else write(`${[...(engine === undefined ? [] : engineLines(engine)), ...(store === undefined ? [] : storeLines(store)), ...problems.flatMap((problem) => told("problem", problem)), ...lookAdvice(flags, problems), severe.length === 0 ? "Nothing is wrong." : `${severe.length === 1 ? "One thing is" : `${severe.length} things are`} wrong.`].join("\n")}\n`);
  return severe.length === 0;
}

interface Inspected {
  readonly floor: string;
  readonly report: NatsReport;
}

async function inspect(flags: EngineDoctorFlags, environment: NodeJS.ProcessEnv): Promise<Inspected> {
  const { unsafe: _, ...settings } = natsSettings(flags, environment);
  const { inspectNats, versionFloor } = await importNats();
  const report = await inspectNats({
    ...settings,
    ...(flags.engineMonitors !== undefined && { monitors: flags.engineMonitors }),
    ...(flags.engineLook && { onlyLooks: true }),
  });
  return { floor: versionFloor, report };
}

function engineLines({ floor, report }: Inspected): string[] {
  const { servers, replicas, permissions, limits, ledgers, streams, advice } = report;
  const of = ({ used, allowed }: { readonly used: number; readonly allowed: number }): string => `${used.toLocaleString("en-US")}${allowed < 0 ? "" : ` of ${allowed.toLocaleString("en-US")}`}`;
  return [
    `floor     nats-server ${floor}: older ones commit at a fifth of the speed with every write synced, and drop settings without a word`,
    ...servers.map(serverLine),
    `replicas  ${replicas.asked} of each stream: ${replicas.isPossible ? "possible" : "not possible, or not known"}`,
    ...permissions.map(permissionLine),
    ...(permissions.length === 0 && servers.some(({ isUp }) => isUp) ? ["may       not tried"] : []),
    ...(limits === undefined ? [] : [`account   ${of(limits.streams)} streams, ${of(limits.consumers)} consumers, ${of(limits.storageBytes)} bytes`]),
    `ledgers   ${of({ used: ledgers.live, allowed: ledgers.allowed })} live: of jobs that are not published yet, and two of the gateways' own`,
    ...streams.map((stream) => streamLine(stream, replicas.asked)),
    ...advice.flatMap((each) => told("note", each)),
  ];
}

function serverLine({ address, isUp, name, version, cluster, clusterSize, syncMs }: NatsServerReport): string {
  if (!isUp) return `server    ${address} does not answer`;
  if (version === undefined) return `server    ${address} lets this user in by no means`;
  const syncs = syncMs === undefined ? "syncs: not known" : syncMs === "always" ? "syncs every write" : `syncs every ${syncMs / 1000} s`;
  return `server    ${address} ${name === undefined || name === "" ? "" : `is ${name}, `}nats-server ${version}, ${cluster === undefined ? "alone" : `in the cluster ${cluster}${clusterSize === undefined ? "" : ` of ${clusterSize}`}`}, ${syncs}`;
}

function permissionLine({ what, isAllowed }: NatsPermission): string {
  return `${isAllowed === true ? "may      " : isAllowed === false ? "may not  " : "not tried"} ${what}`;
}

function streamLine({ name, messages, bytes, leader, currentReplicas, difference }: NatsStreamReport, replicas: number): string {
  const settings = difference === undefined ? "as asked for" : `${difference.field} is ${JSON.stringify(difference.got) ?? "unset"}, ${JSON.stringify(difference.asked)} was asked for`;
  return `stream    ${name}: ${messages.toLocaleString("en-US")} messages, ${bytes.toLocaleString("en-US")} bytes, ${replicas === 1 ? "" : `led by ${leader ?? "nobody"}, ${currentReplicas} of ${replicas} replicas have all of it, `}${settings}`;
}

function storeLines({ where, tried }: StoreReport): string[] {
  return tried.length === 0 ? [`store     ${where} can't be used`] : tried.map((what) => `store     ${where} ${what}`);
}

function told(kind: "problem" | "note", { code, message }: ShoalError): string[] {
  // Its hint stands in the message, on a line of its own.
  return [`${kind.padEnd(9)} ${code}: ${message}`];
}

/** Observers are refused nearly all trials, and nothing is wrong with that. */
function lookAdvice({ engineLook }: EngineDoctorFlags, problems: readonly ShoalError[]): string[] {
  return engineLook || !problems.some(({ code }) => code === "engine-refused") ? [] : ["note      A user who may only look, such as the observer, is not to try these: add --engine-look."];
}

function asJson({ floor, report }: Inspected): object {
  const { problems, advice, permissions, ...rest } = report;
  return {
    floor, ...rest,
    permissions: permissions.map(({ what, isAllowed, error }) => ({ what, ...(isAllowed !== undefined && { isAllowed }), ...(error !== undefined && { error: error.toPublicData() }) })),
    problems: problems.map((problem) => problem.toPublicData()),
    advice: advice.map((each) => each.toPublicData()),
  };
}
