import { silentLogger, sliceBlock, systemClock, type ActorContext, type Block, type BlockResult, type Column, type Predictor, type PredictorSpec } from "@shoal/core";
import { decodeBlock, encodeBlock } from "@shoal/core/arrow";
import {
  createCluster, memoryChannel, protocolVersion,
  type Bye, type Channel, type ClusterParts, type ConnectedCluster, type DriverToGateway, type GatewayToDriver, type OfferMessage, type SegmentDescription, type SubmitMessage,
} from "@shoal/cluster";
import { openStagePool, PoolRecorder, type BlockPool } from "@shoal/executor";
import type { ActorPoolStage } from "@shoal/planner";
import { FakeActorHost, seededRandom, withFaults, type Faults } from "@shoal/testing";
import { doubling } from "../properties/plans.ts";

export type Offered = OfferMessage & { readonly rowsOf: Block };

export interface Script {
  /** Blocks asked for at once after `accepted`; one more for each that is done. Default 4. */
  readonly ask?: number;
  /** What answers a block. Default: it is computed, and said to be by `anna`. */
  readonly answer?: (offer: Offered, gateway: ScriptedGateway) => void | Promise<void>;
  /** Of the workers' predictor. */
  readonly faults?: Faults;
  /** Files that the coordinator lacks. */
  readonly missing?: (description: SubmitMessage["description"]) => readonly string[];
  /** Instead of `welcome`. */
  readonly bye?: Bye;
  readonly protocol?: number;
  /** Of the gateway of each connection in turn. Default: the shed. */
  readonly names?: readonly string[];
}

/** The far side of a driver's connection, which does as it is told and remembers what it heard. A new connection finds a gateway that has forgotten everything. */
export class ScriptedGateway {
  readonly heard: DriverToGateway[] = [];
  readonly files = new Map<string, Uint8Array[]>();
  readonly #script: Script;
  readonly #host: FakeActorHost;
  readonly #pools = new Map<string, BlockPool>();
  #channel: Channel<GatewayToDriver, DriverToGateway> | undefined;
  #segments: readonly SegmentDescription[] = [];
  job = "";
  connections = 0;

  constructor(script: Script = {}) {
    this.#script = script;
    this.#host = new FakeActorHost({ load: async (spec, actor) => withFaults(doublingInto(spec, actor), "id", script.faults ?? {}, actor, systemClock) });
  }

  cluster(parts: Partial<ClusterParts> = {}): ConnectedCluster {
    const random = seededRandom(1);
    return createCluster({ dial: async () => this.dial(), name: "driver 1", clock: systemClock, random: () => random.next(), log: silentLogger, ...parts });
  }

  dial(): Channel<DriverToGateway, GatewayToDriver> {
    const [near, far] = memoryChannel<DriverToGateway, GatewayToDriver>();
    this.connections++;
    this.#channel = far;
    far.listen({ message: (message, payload) => this.#hear(message, payload), closed: () => {} });
    return near;
  }

  /** The connection breaks; what is on its way is lost. */
  drop(): void {
    this.#channel?.close();
    this.#channel = undefined;
  }

  say(message: GatewayToDriver, payload?: Uint8Array): void {
    this.#channel?.send(message, payload);
  }

  kinds(kind: DriverToGateway["kind"]): DriverToGateway[] {
    return this.heard.filter((message) => message.kind === kind);
  }

  get offered(): number[] {
    return this.heard.flatMap((message) => (message.kind === "offer" ? [message.block] : []));
  }

  ask(segment: number, blocks: number): void {
    this.say({ kind: "ask", job: this.job, segment, blocks });
  }

  /** Computes a block as a worker would. */
  async compute(offer: Offered, rows: Block = offer.rowsOf): Promise<BlockResult> {
    return (await this.#pool(offer.segment)).submit(rows);
  }

  part(offer: Offered, first: number, result: BlockResult, worker = "anna"): void {
    const { job, segment, block } = offer;
    const { failures, preprocessMs, predictMs, postprocessMs, counts, batches } = result;
    this.say({
      kind: "part", job, segment, block, first, rows: result.block.rows + failures.length, failures, worker,
      stats: { device: "cpu", preprocessMs, predictMs, postprocessMs, counts, batches: batches.filter((batch) => batch.part !== true).map((batch) => batch.rows) },
    }, encodeBlock(result.block));
  }

  done({ job, segment, block }: Offered): void {
    this.say({ kind: "block-done", job, segment, block });
    this.ask(segment, 1);
  }

  /** Computes it in parts of so many rows, the last part first. */
  async answerInParts(offer: Offered, rows: number): Promise<void> {
    const firsts = Array.from({ length: Math.ceil(offer.rows / rows) }, (_, at) => at * rows);
    for (const first of firsts.toReversed()) this.part(offer, first, await this.compute(offer, sliceBlock(offer.rowsOf, first, first + rows)), `worker ${first % 2}`);
    this.done(offer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pool of this.#pools.values()) await pool.close();
    await this.#host[Symbol.asyncDispose]();
  }

  #hear(message: DriverToGateway, payload: Uint8Array | undefined): void {
    this.heard.push(message);
    const { bye, protocol = protocolVersion, missing, ask = 4, answer = answerWhole } = this.#script;
    switch (message.kind) {
      case "hello": return this.say(bye ?? { kind: "welcome", protocol, key: "key 1", name: this.#script.names?.[this.connections - 1] ?? "the shed", beatMs: 1000 });
      case "submit":
        this.job = message.description.job;
        this.#segments = message.description.segments;
        this.say({ kind: "accepted", job: this.job, committedBlocks: 0, missing: missing?.(message.description) ?? [] });
        return this.#segments.forEach((_, segment) => this.ask(segment, ask));
      case "file": return void this.files.set(message.sha256, [...(this.files.get(message.sha256) ?? []), payload as Uint8Array]);
      case "offer": return void answer({ ...message, rowsOf: decodeBlock(payload as Uint8Array) }, this);
      default:
    }
  }

  async #pool(segment: number): Promise<BlockPool> {
    const name = `${segment}`;
    let pool = this.#pools.get(name);
    if (pool === undefined) {
      const { plan } = this.#segments[segment] as SegmentDescription;
      pool = openStagePool(plan as ActorPoolStage, { host: this.#host, resources: { cpus: 2, gpus: 0, memory: 2 ** 30 }, clock: systemClock },
        { record: new PoolRecorder(systemClock), onEvent: () => {}, onChange: () => {}, onFailure: () => {}, onTick: () => {} });
      pool.start();
      this.#pools.set(name, pool);
    }
    return pool;
  }
}

/** Twice the id, in the column that the predictor promises. */
function doublingInto(spec: PredictorSpec, actor: ActorContext): Predictor {
  const [name = "doubled"] = spec.kind === "declarative" ? spec.adds : [];
  const predictor = doubling([], actor);
  return { ...predictor, predict: async (batch, signal) => ({ rows: batch.rows, lineage: [], columns: { [name]: (await (predictor.predict(batch, signal) as Promise<Block>)).columns["doubled"] as Column } }) };
}

async function answerWhole(offer: Offered, gateway: ScriptedGateway): Promise<void> {
  const result = await gateway.compute(offer);
  gateway.part(offer, 0, result);
  gateway.done(offer);
}

