import { memoryChannel, protocolVersion, type AttemptId, type Channel, type Dial, type GatewayToWorker, type Hello, type SegmentMessage, type TaskId, type WorkerToGateway } from "@shoal/cluster";
import { type Block } from "@shoal/core";
import { encodeBlock } from "@shoal/core/arrow";
import type { FakeClock } from "@shoal/testing";
import { expect } from "vitest";

type Said<Kind extends WorkerToGateway["kind"]> = Extract<WorkerToGateway, { kind: Kind }>;
interface Heard {
  readonly message: WorkerToGateway;
  readonly payload: Uint8Array | undefined;
}

/** Settles when something is so. It waits for facts; the time is there for those that never come. `clock`: goes on meanwhile. */
export async function until(what: () => boolean, clock?: FakeClock): Promise<void> {
  const began = performance.now();
  for (let turn = 0; !what(); turn++) {
    if (performance.now() - began > 90_000) expect.fail(`It never came to be that ${String(what)}`);
    if (clock !== undefined) await clock.advance(20);
    // Hashes are computed by other threads, models by other processes: they need the processor that this would spin on.
    await new Promise((resolve) => (turn < 1_000 && clock === undefined ? setImmediate(resolve) : setTimeout(resolve, clock === undefined ? 20 : 1)));
  }
}

export interface Leasing {
  readonly block: number;
  readonly rows: Block;
  readonly first?: number;
  readonly attempt: number;
  readonly segment?: number;
  readonly job?: string;
  readonly input?: string;
  readonly apart?: true;
}

/** One connection of a worker, seen from the coordinator. */
export class ScriptedConnection {
  readonly heard: Heard[] = [];
  closed = false;
  /** Its network has lost its way: nothing is answered any more. */
  lost = false;
  readonly #channel: Channel<GatewayToWorker, WorkerToGateway>;
  #taken = 0;
  #leases = 0;

  constructor(channel: Channel<GatewayToWorker, WorkerToGateway>) {
    this.#channel = channel;
    channel.listen({
      message: (message, payload) => {
        this.heard.push({ message, payload });
        if (message.kind === "beat" && !this.lost) this.send({ kind: "heard" });
      },
      closed: () => (this.closed = true),
    });
  }

  send(message: GatewayToWorker, payload?: Uint8Array): void {
    this.#channel.send(message, payload);
  }

  close(): void {
    this.#channel.close();
  }

  /** The next message of a kind; what came before it is passed over. */
  async next<Kind extends WorkerToGateway["kind"]>(kind: Kind, clock?: FakeClock): Promise<{ readonly message: Said<Kind>; readonly payload: Uint8Array | undefined }> {
    await until(() => this.heard.slice(this.#taken).some(({ message }) => message.kind === kind), clock);
    const at = this.heard.findIndex(({ message }, index) => index >= this.#taken && message.kind === kind);
    this.#taken = at + 1;
    return this.heard[at] as { readonly message: Said<Kind>; readonly payload: Uint8Array | undefined };
  }

  all<Kind extends WorkerToGateway["kind"]>(kind: Kind): Said<Kind>[] {
    return this.heard.flatMap(({ message }) => (message.kind === kind ? [message as Said<Kind>] : []));
  }

  welcome(key = "key", namesResults?: true): void {
    this.send({ kind: "welcome", protocol: protocolVersion, key, name: "a script", beatMs: 1000, ...(namesResults && { namesResults }) });
  }

  /** Lends tasks, and sends their rows. */
  lease(...leased: readonly Leasing[]): void {
    const tasks = leased.map(({ block, rows, first = 0, attempt, segment = 0, job = "job", input, apart }) => ({
      task: { job, segment, block, first, rows: rows.rows } satisfies TaskId, attempt: attemptOf(attempt), payload: encodeBlock(rows), ...(input !== undefined && { input }), ...(apart !== undefined && { apart }),
    }));
    this.send({ kind: "lease", lease: ++this.#leases, leaseMs: 15_000, duplicate: false, tasks: tasks.map(({ payload, ...task }) => ({ ...task, bytes: payload.byteLength })) });
    for (const { task, attempt, payload } of tasks) this.send({ kind: "block", task, attempt }, payload);
  }

  settle({ task, attempt }: { readonly task: TaskId; readonly attempt: AttemptId }): void {
    this.send({ kind: "settle", task, attempt });
  }
}

export const attemptOf = (number: number): AttemptId => ({ epoch: 1, number });

/** A coordinator of which a test decides what it says. */
export class ScriptedGateway {
  readonly connections: ScriptedConnection[] = [];
  /** Why it can't be reached. */
  unreachable: Error | undefined;
  dials = 0;

  readonly dial: Dial = async () => {
    this.dials++;
    if (this.unreachable !== undefined) throw this.unreachable;
    const [near, far] = memoryChannel<WorkerToGateway, GatewayToWorker>();
    this.connections.push(new ScriptedConnection(far));
    return near;
  };

  /** The connection of that number, once it has said hello; it is told welcome and what it needs to know of a job. */
  async connected(number = 1, ...segments: readonly SegmentMessage[]): Promise<{ readonly hello: Hello; readonly connection: ScriptedConnection }> {
    await until(() => this.connections.length >= number);
    const connection = this.connections[number - 1] as ScriptedConnection;
    const { message: hello } = await connection.next("hello");
    connection.welcome();
    for (const segment of segments) connection.send(segment);
    return { hello, connection };
  }
}
