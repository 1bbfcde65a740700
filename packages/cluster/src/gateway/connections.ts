import { ShoalError } from "@shoal/core";
import { badMessage } from "../connection/bad-message.ts";
import type { Channel } from "../connection/channel.ts";
import { protocolVersion, type DriverToGateway, type GatewayToDriver, type GatewayToWorker, type Hello, type WorkerToGateway } from "../connection/messages.ts";
import { protocolMismatch } from "../connection/protocol-mismatch.ts";
import { travellingError } from "../connection/travelling-error.ts";
import { DriverLink, type DriverLinkParts } from "./jobs/driver-link.ts";
import type { EngineReach } from "./elsewhere/engine-reach.ts";
import type { GatewayState } from "./gateway-state.ts";
import type { Origin } from "./gateway.ts";
import type { Admission, InviteBook } from "./invites/invite-book.ts";
import { joinedOf } from "./jobs/placement.ts";
import type { ResultIntake } from "./results/result-intake.ts";
import { shutOut } from "./workers/strike-worker.ts";
import { WorkerLink } from "./workers/worker-link.ts";
import { WorkerRecord } from "./workers/worker-record.ts";

type AnyChannel = Channel<GatewayToWorker | GatewayToDriver, WorkerToGateway | DriverToGateway>;
type AnyMessage = WorkerToGateway | DriverToGateway;

/** Who hears a connection's messages, once it is known who it is. */
interface Link {
  receive(message: AnyMessage, payload: Uint8Array | undefined): void;
  ended(): void;
}

/** What may wait while it is looked up who sent it: a hello and a job are no more. */
const mostWaiting = 64;
const mostWaitingBytes = 2 ** 20;
/** Workers that are gone and still shown. */
const mostRecords = 10_000;

/** Connections come: each says who it is, shows that it may come in, and is a worker's or a driver's from then on. */
export class Connections {
  readonly #state: GatewayState;
  readonly #invites: InviteBook;
  readonly #intake: ResultIntake;
  readonly #parts: DriverLinkParts;
  readonly #reach: EngineReach;
  readonly #addresses = new Map<string, number>();
  readonly #drivers = new Set<DriverLink>();
  #count = 0;
  #last = 0;
  /** Why nobody is let in any more, and whether it may be otherwise later. */
  #closed: ShoalError | undefined;
  #opensAgain = true;

  constructor(state: GatewayState, invites: InviteBook, intake: ResultIntake, reach: EngineReach, parts: DriverLinkParts) {
    this.#state = state;
    this.#invites = invites;
    this.#intake = intake;
    this.#parts = parts;
    this.#reach = reach;
  }

  accept(channel: AnyChannel, origin: Origin): void {
    const full = this.#closed ?? this.#whyFull(origin);
    if (full !== undefined) {
      channel.listen({ message: () => {}, closed: () => {} });
      return this.#refuse(channel, full, full !== this.#closed || this.#opensAgain);
    }
    this.#enter(origin, 1);
    let link: Link | undefined;
    let isOpen = true;
    let waiting: { readonly message: AnyMessage; readonly payload: Uint8Array | undefined }[] | undefined;
    let waitingBytes = 0;
    const silent = new AbortController();
    this.#state.clock.sleep(this.#state.settings.helloMs, AbortSignal.any([silent.signal, this.#state.signal])).then(
      () => this.#refuse(channel, new ShoalError("no-hello", "Nothing was said on this connection.", { hint: "Say hello first." }), false),
      () => {},
    );
    channel.listen({
      message: (message, payload) => {
        if (link !== undefined) return link.receive(message, payload);
        if (waiting !== undefined) {
          waitingBytes += (payload?.byteLength ?? 0) + JSON.stringify(message).length;
          if (waiting.length >= mostWaiting || waitingBytes > mostWaitingBytes) return this.#refuse(channel, badMessage("Too much was sent before the welcome.", { failure: "bug" }), false);
          return void waiting.push({ message, payload });
        }
        silent.abort();
        waiting = [];
        if (message.kind !== "hello") return this.#refuse(channel, badMessage(`The first message was ${message.kind}, and not hello.`, { failure: "bug" }), false);
        this.#welcome(channel, message, origin, () => isOpen).then(
          (welcomed) => {
            link = welcomed;
            if (!isOpen) return link?.ended();
            for (const next of waiting ?? []) link?.receive(next.message, next.payload);
          },
          (error: unknown) => this.#refuse(channel, ShoalError.from(error), error === this.#closed ? this.#opensAgain : againHelps(ShoalError.from(error))),
        ).catch((error: unknown) => this.#refuse(channel, ShoalError.from(error), true));
      },
      closed: () => {
        isOpen = false;
        silent.abort();
        this.#enter(origin, -1);
        link?.ended();
      },
    });
  }

  async #welcome(channel: AnyChannel, hello: Hello, origin: Origin, isOpen: () => boolean): Promise<Link | undefined> {
    if (hello.protocol !== protocolVersion) throw protocolMismatch(hello.protocol, "gateway");
    const admission = await this.#invites.admit(hello, origin);
    const connection = `${hello.role} ${++this.#last} ${hello.name}`;
    const key = await this.#invites.keyFor(hello.name, admission);
    if (this.#closed !== undefined) throw this.#closed;
    if (!isOpen()) return undefined;
    const welcome = (): void => channel.send({ kind: "welcome", protocol: protocolVersion, key, name: this.#state.name, beatMs: this.#state.settings.beatMs, ...(this.#state.engine.keepsLedgers && { keepsLedgers: true }), ...(hello.role === "worker" && { namesResults: true }) });
    if (hello.role === "worker") return this.#worker(channel as Channel<GatewayToWorker, WorkerToGateway>, hello, connection, admission, welcome) as Link;
    welcome();
    const driver = new DriverLink(this.#state, this.#parts, { channel: channel as Channel<GatewayToDriver, DriverToGateway>, connection, name: hello.name, admission });
    this.#drivers.add(driver);
    return { receive: (message, payload) => driver.receive(message as DriverToGateway, payload), ended: () => {
      this.#drivers.delete(driver);
      driver.ended();
    } };
  }

  #worker(channel: Channel<GatewayToWorker, WorkerToGateway>, { name, worker: traits }: Hello, connection: string, admission: Admission, welcome: () => void): WorkerLink {
    const { workers, links, loop, clock, date } = this.#state;
    if (traits === undefined) throw badMessage("A worker said hello and not what it is.", { failure: "bug" });
    const known = workers.get(name);
    const leftMs = (known?.shutOutUntil ?? 0) - clock.now();
    if (known !== undefined && leftMs > 0) throw shutOut(known, leftMs);
    if (known !== undefined && !admission.trusted && !admission.byKey && (known.link !== undefined || known.invite !== admission.invite)) {
      throw new ShoalError("name-taken", `There is a worker ${name} already, and this connection does not show its key.`, { hint: "Choose another name, or wait until the other one is gone." });
    }
    const record = known ?? new WorkerRecord(name, traits, admission.invite, date());
    const joined = joinedOf(name, connection, traits, admission.volunteer);
    const link = new WorkerLink({ state: this.#state, intake: this.#intake, channel, record, joined, admission });
    const before = record.link;
    Object.assign(record, { traits, link, invite: admission.invite, draining: false, heard: { state: "waiting" } });
    workers.delete(name);
    workers.set(name, record);
    this.#forgetOldest();
    links.set(connection, link);
    welcome();
    loop.tell(joined);
    before?.bye(new ShoalError("replaced", `Worker ${name} has another connection now.`, { hint: "If that was not meant, give each worker a name of its own." }), false);
    this.#state.changed();
    return link;
  }

  #forgetOldest(): void {
    const { workers } = this.#state;
    if (workers.size <= mostRecords) return;
    for (const [name, { link }] of workers) {
      if (link !== undefined) continue;
      workers.delete(name);
      if (workers.size <= mostRecords) return;
    }
  }

  /** Everybody who came by an invite goes. */
  revoke(invite: string): void {
    const error = new ShoalError("invite-revoked", "The link by which this came was revoked.", { hint: "Ask whoever runs the coordinator for a new one." });
    for (const link of this.#state.links.values()) if (link.admission.invite === invite) link.bye(error, false);
    for (const driver of this.#drivers) if (driver.admission.invite === invite) driver.bye(error, false);
  }

  /** Nobody comes in any more. */
  close(error: ShoalError, again: boolean): void {
    if (this.#closed !== undefined) return;
    [this.#closed, this.#opensAgain] = [error, again];
  }

  /** Who came from elsewhere is to come again, at another gateway if there is one. */
  sendAway(error: ShoalError): void {
    for (const link of this.#state.links.values()) if (!link.admission.trusted) link.bye(error, true);
    for (const driver of this.#drivers) if (!driver.admission.trusted) driver.bye(error, true);
  }

  /** Everybody goes. */
  endAll(error: ShoalError): void {
    this.close(error, true);
    // Those who were asked to leave for good do so when they have nothing more to do here.
    for (const link of this.#state.links.values()) link.bye(error, true);
    for (const driver of this.#drivers) driver.bye(error, this.#opensAgain);
  }

  /** Workers that have said nothing for long: their sockets are dead, though nobody was told. */
  endSilent(): void {
    const { links, clock, settings, loop } = this.#state;
    for (const link of links.values()) {
      link.mindBytes();
      const silentMs = clock.now() - link.heardAt;
      if (silentMs > settings.silentLeases * loop.state.settings.leaseMs[link.joined.host]) link.bye(new ShoalError("silent", `Nothing was heard of worker ${link.record.name} for ${Math.round(silentMs / 1000)} s.`, { hint: "It may come again." }), true);
    }
  }

  #whyFull({ address }: Origin): ShoalError | undefined {
    const { connections, connectionsPerAddress } = this.#state.settings;
    if (address === undefined) return undefined;
    if (this.#reach.why !== undefined) return this.#reach.why;
    if (this.#count >= connections) return new ShoalError("too-many-connections", `The coordinator has ${connections} connections, and takes no more.`, { hint: "Come again in a while." });
    if ((this.#addresses.get(address) ?? 0) < connectionsPerAddress) return undefined;
    return new ShoalError("too-many-connections", `${connectionsPerAddress} connections come from ${address} already.`, { hint: "Close some of them first." });
  }

  #enter({ address }: Origin, by: 1 | -1): void {
    if (address === undefined) return;
    this.#count += by;
    const count = (this.#addresses.get(address) ?? 0) + by;
    if (count > 0) this.#addresses.set(address, count);
    else this.#addresses.delete(address);
  }

  #refuse(channel: AnyChannel, error: ShoalError, again: boolean): void {
    this.#state.refusals.count(error.code);
    this.#state.changed();
    channel.send({ kind: "bye", error: travellingError(error.toData()), again });
    channel.close();
  }
}

const temporary = new Set(["too-many-connections", "shut-out", "name-taken", "gateway-deposed"]);

/** What is otherwise a while later. */
function againHelps({ code }: ShoalError): boolean {
  return temporary.has(code);
}
