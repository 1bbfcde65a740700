import { apiCode, apiCodes, isUnanswered, unansweredReason, unreachable } from "./nats-errors.ts";
import { asRefused, type NatsLink } from "./nats-link.ts";
import type { NatsNames } from "./nats-names.ts";
import { defaultPatienceMs } from "./nats-options.ts";
import type { NatsPermission } from "./nats-report.ts";
import { pull } from "./pull.ts";
import { nanos } from "./stream-configs.ts";

const againMs = 200;

/** Does what a gateway does, on streams that are removed again. @returns what was allowed, and whether the servers are enough for the replicas */
export async function tryPermissions(link: NatsLink, names: NatsNames, replicas: number): Promise<{ readonly permissions: readonly NatsPermission[]; readonly isReplicated: boolean }> {
  const name = `scratch${link.random().toString(36).slice(2)}`;
  const stream = `${names.prefix}-ledger-${name}-1`;
  const subject = `${names.prefix}.ledger.${name}.1`;
  const { jsm, nc } = link;
  const permissions: NatsPermission[] = [];
  let isReplicated = true;
  let isStopped = false;
  const attempt = async (what: string, act: () => Promise<unknown>, stops = false): Promise<boolean> => {
    if (isStopped) {
      permissions.push({ what, isAllowed: undefined });
      return false;
    }
    // A stream and a consumer that were made a moment ago may have no leader yet: nobody answers then, and nobody has refused.
    for (const until = link.clock.now() + defaultPatienceMs; ; ) {
      try {
        await act();
        permissions.push({ what, isAllowed: true });
        return true;
      } catch (error) {
        if (isUnanswered(error) && link.clock.now() < until) {
          await link.clock.sleep(againMs);
          continue;
        }
        permissions.push({ what, isAllowed: false, error: isUnanswered(error) ? unansweredReason(error, what, link.servers) : asRefused(error, what) });
        isStopped = stops;
        return false;
      }
    }
  };
  /** What was tried again had been done, though its answer was lost. */
  const unlessDone = (code: number) => (error: unknown): void => {
    if (apiCode(error) !== code) throw error;
  };
  const make = (copies: number): Promise<unknown> => jsm.streams.add({ name: stream, subjects: [`${subject}.>`], storage: "file", num_replicas: copies, allow_msg_ttl: true, discard: "new" });

  await attempt("ask for the account's limits", () => jsm.getAccountInfo());
  await attempt("list streams", () => jsm.streams.names(names.allLedgers).next());
  await attempt("make a stream", async () => {
    try {
      await make(replicas);
    } catch (error) {
      if (apiCode(error) !== apiCodes.notCluster && apiCode(error) !== apiCodes.noSuitablePeers) throw error;
      isReplicated = false;
      await make(1);
    }
  }, true);
  await attempt("write into it", () => link.publish(`${subject}.commit.a`, {}, { expect: { lastSubjectSequence: 0 }, ttl: "60s" }).catch(unlessDone(apiCodes.wrongLastSequence)));
  await attempt("look at it", () => jsm.streams.info(stream));
  await attempt("read a message of it", () => jsm.streams.getMessage(stream, { last_by_subj: `${subject}.commit.a` }));
  const canRead = await attempt("make a consumer", () => jsm.consumers.add(stream, { durable_name: "scratch", filter_subject: `${subject}.*.*`, ack_policy: "explicit", inactive_threshold: nanos(30_000) }));
  if (canRead) {
    await attempt("list consumers", () => link.consumerNames(stream));
    await attempt("look at a consumer", () => jsm.consumers.info(stream, "scratch"));
    let reply = "";
    await attempt("pull, and acknowledge", async () => {
      if (reply === "") await pull(nc, stream, "scratch", { batch: 1, no_wait: true }, link.options.requestMs, link.clock, (message) => (reply = message.reply ?? "")).ended;
      if (reply === "") throw unreachable(link.servers, new Error("no message came"));
      await nc.request(reply, "+ACK", { timeout: link.options.requestMs });
    });
    await attempt("remove a consumer", () => jsm.consumers.delete(stream, "scratch").catch(unlessDone(apiCodes.consumerNotFound)));
  }
  for (const heard of [names.allTasks, names.allOfRegister]) await attempt(`listen to ${heard}`, () => listen(link, heard));
  await attempt("write into the register", () => link.publish(`${names.prefix}.register.scratch.${name}`, {}, { expect: { lastSubjectSequence: 1 } }).catch(ignoreMissing));
  await attempt("put tasks into the queue", () => link.publish(names.taskSubject("scratch", 9, name), {}, { expect: { lastSubjectSequence: 1 } }).catch(ignoreMissing));
  await attempt("remove the stream", () => jsm.streams.delete(stream).catch(unlessDone(apiCodes.streamNotFound)));
  return { permissions, isReplicated };
}

/** That there is no such stream yet, or that it refuses what was meant to be refused, is an answer: it was allowed to ask. */
function ignoreMissing(error: unknown): void {
  const isAnswer = apiCode(error) !== undefined || (error instanceof Error && error.name === "JetStreamNotEnabled");
  if (!isAnswer) throw error;
}

async function listen({ nc }: NatsLink, subject: string): Promise<void> {
  let failure: Error | undefined;
  const subscription = nc.subscribe(subject, { callback: (error) => void (failure = error ?? failure) });
  // Whatever the server has against it, it says before it answers this.
  await nc.flush();
  await Promise.resolve();
  subscription.unsubscribe();
  if (failure !== undefined) throw failure;
}
