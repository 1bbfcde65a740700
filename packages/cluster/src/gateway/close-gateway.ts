import { ShoalError } from "@shoal/core";
import type { GatewayModules } from "./assemble-gateway.ts";
import type { GatewayState } from "./gateway-state.ts";
import type { CloseOptions } from "./gateway.ts";
import type { WorkerLink } from "./workers/worker-link.ts";

const quietMs = 20;

/** Lets those finish who will not come again, waits for what is on its way into the ledger, ends everything, and lets others have the jobs. */
export async function closeGateway(modules: GatewayModules, { again = false }: CloseOptions): Promise<void> {
  const { state, commits, collection, roles } = modules;
  /** Those who will not come again. Others hold their results until they do. */
  const leaves = ({ admission }: WorkerLink): boolean => !again || admission.trusted;
  if (!state.signal.aborted) {
    const error = closed(state.name, again);
    takeNothingMore(modules, error, again);
    for (const link of state.links.values()) if (leaves(link)) link.send({ kind: "drain", why: `${state.name} is closed` });
    await untilQuiet(modules, leaves);
    // An engine that does not answer is not waited for for ever: what it has not answered is undecided, and comes again.
    await waitFor(Promise.all([commits.settled(), collection.settled()]), state, state.signal);
    end(modules, error);
  }
  // An engine that does not answer lets others have the jobs when their time is over.
  await waitFor(roles.releaseAll(), state);
}

function closed(name: string, again: boolean): ShoalError {
  return again
    ? new ShoalError("coordinator-closed", `${name} was stopped; waiting for it to come back.`, { hint: "Nothing that was committed is lost." })
    : new ShoalError("coordinator-closed", `${name} is closed.`, { hint: "Its job is over: nothing is left to do." });
}

function takeNothingMore({ state, connections, closing, elsewhere }: GatewayModules, error: ShoalError, again: boolean): void {
  connections.close(error, again);
  closing.abort(error);
  elsewhere.inlet.giveBackAll();
  for (const job of state.jobs.values()) state.loop.tell({ kind: "job-paused", job: job.name });
}

/** Until nobody computes who is waited for, and what came is in the ledger; or for as long as a gateway waits. */
async function untilQuiet({ state, intake }: GatewayModules, leaves: (link: WorkerLink) => boolean): Promise<void> {
  const { clock, settings, signal, links, loop } = state;
  const computes = ({ connection }: WorkerLink): boolean => (loop.state.connections.get(connection)?.attempts.size ?? 0) > 0;
  const isQuiet = (): boolean => intake.open === 0 && [...links.values()].every((link) => !leaves(link) || !computes(link));
  for (const until = clock.now() + settings.closeMs; !isQuiet() && clock.now() < until && !signal.aborted; ) await clock.sleep(quietMs, signal).catch(() => {});
}

/** No longer than a gateway waits. */
async function waitFor(work: Promise<unknown>, { clock, settings }: GatewayState, signal?: AbortSignal): Promise<void> {
  const done = new AbortController();
  const enough = signal === undefined ? done.signal : AbortSignal.any([done.signal, signal]);
  await Promise.race([work, clock.sleep(settings.closeMs, enough).catch(() => {})]);
  done.abort();
}

function end({ state, connections, over }: GatewayModules, error: ShoalError): void {
  if (state.signal.aborted) return;
  connections.endAll(error);
  state.loop.stop();
  over.abort(error);
}
