import type { ShoalError } from "@shoal/core";
import { safeParse, type BaseIssue } from "valibot";
import { badMessage } from "./bad-message.ts";
import type { Side, TakenBy } from "./channel-side.ts";
import { checkNesting, listsFailures } from "./check-header-text.ts";
import { decodeFragments, decodeFrame, tooLarge, type Frame } from "./frames.ts";
import { defaultConnectionLimits, type ConnectionLimits } from "./limits.ts";
import { protocolVersion, type Bye, type Header, type Hello } from "./messages.ts";
import { protocolMismatch } from "./protocol-mismatch.ts";
import { bye, fromDriver, fromWorker, payloads, toDriver, toWorker, type Schemas } from "./schemas/index.ts";

export interface Message<Received> {
  readonly header: Received;
  readonly payload: Uint8Array | undefined;
}

const decoder = new TextDecoder("utf-8", { fatal: true });
const greetings: Partial<Schemas<Header>> = { hello: fromWorker.hello, bye };
const answers: Partial<Schemas<Header>> = { welcome: toWorker.welcome, bye };

/** Frames of one connection in, messages out that are what their types say. Does no I/O. */
export class MessageReader<S extends Side> {
  readonly #side: S;
  readonly #limits: ConnectionLimits;
  /** What may come next: first who is there, then what that role may say. */
  #schemas: Partial<Schemas<Header>>;
  #isFirst = true;

  constructor(side: S, limits: ConnectionLimits = defaultConnectionLimits) {
    [this.#side, this.#limits] = [side, limits];
    this.#schemas = side === "gateway" ? greetings : answers;
  }

  /** The payload is a view of the frame. Either side may say `bye`. @throws `bad-message`, `message-too-large`, `protocol-mismatch` */
  read(frame: Uint8Array): Message<TakenBy[S] | Bye> {
    return this.#read(decodeFrame(frame, this.#limits));
  }

  /** The same of a frame that came in fragments. */
  readFragments(fragments: readonly Uint8Array[]): Message<TakenBy[S] | Bye> {
    return this.#read(decodeFragments(fragments, this.#limits));
  }

  #read({ header: bytes, payload }: Frame): Message<TakenBy[S] | Bye> {
    if (bytes.byteLength > this.#limits.headerBytes && !listsFailures(bytes)) throw tooLarge(`A message's header has ${bytes.byteLength} bytes, and ${this.#limits.headerBytes} are allowed.`);
    checkNesting(bytes, this.#limits.nesting);
    const header = this.#check(parseJson(bytes));
    const carries = payloads[header.kind];
    if (payload !== undefined && carries === undefined) throw badMessage(`A message "${header.kind}" carries ${payload.byteLength} bytes, and has no use for any.`);
    if (payload === undefined && carries === "must") throw badMessage(`A message "${header.kind}" carries no bytes.`);
    if (this.#isFirst && header.kind !== "bye") this.#greeted(header);
    return { header: header as TakenBy[S], payload };
  }

  #check(json: unknown): Header {
    const { kind, protocol } = (typeof json === "object" && json !== null ? json : {}) as { readonly kind?: unknown; readonly protocol?: unknown };
    // Another version may have another form, so that is seen first.
    if ((kind === "hello" || kind === "welcome") && Number.isSafeInteger(protocol) && protocol !== protocolVersion) throw protocolMismatch(protocol as number, this.#side);
    const schema = typeof kind === "string" && Object.hasOwn(this.#schemas, kind) ? this.#schemas[kind as Header["kind"]] : undefined;
    if (schema === undefined) throw this.#unknownKind(kind);
    const { success, output, issues } = safeParse(schema, json, { abortEarly: true });
    if (!success) throw notAsItShouldBe(kind as string, issues[0]);
    return output;
  }

  #unknownKind(kind: unknown): ShoalError {
    const said = typeof kind === "string" ? `a message "${kind.slice(0, 40)}"` : "a message without a kind";
    const expected = this.#isFirst ? `${this.#side === "gateway" ? "hello" : "welcome"} comes first` : "nothing of that kind is expected";
    return badMessage(`The other side sent ${said}, and ${expected}.`);
  }

  #greeted(header: Header): void {
    this.#isFirst = false;
    if (header.kind === "hello") {
      const { hello: _, ...rest } = (header as Hello).role === "worker" ? fromWorker : fromDriver;
      this.#schemas = { ...rest, bye };
    } else {
      const { welcome: _, ...rest } = this.#side === "worker" ? toWorker : toDriver;
      this.#schemas = rest;
    }
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw badMessage("A message's header is no JSON.", { cause });
  }
}

function notAsItShouldBe(kind: string, issue: BaseIssue<unknown>): ShoalError {
  const path = issue.path?.map(({ key }) => String(key)).join(".") ?? "";
  return badMessage(`A message "${kind}" is not as it should be${path === "" ? "" : ` at ${path.slice(0, 200)}`}: ${issue.message.slice(0, 200)}.`);
}
