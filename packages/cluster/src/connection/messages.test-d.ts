import type { ErrorData, Json } from "@shoal/core";
import { expectTypeOf } from "expect-type";
import type { GenericSchema, InferOutput } from "valibot";
import type * as M from "./messages.ts";
import type * as drivers from "./schemas/drivers.ts";
import type * as workers from "./schemas/workers.ts";
import type { WebSocketLike } from "./web-socket-like.ts";

/** The same type without any `readonly`, which schemas do not say. Errors and JSON hold themselves, which ends no comparison: that nothing of them is lost is tested by running. */
type Plain<T> = [T] extends [ErrorData] ? "error" : [Json] extends [T] ? "json" : string extends keyof T ? Record<string, T[keyof T]> : T extends object ? { -readonly [K in keyof T]: Plain<T[K]> } : T;
type Parsed<S extends GenericSchema> = Plain<InferOutput<S>>;

// What a schema gives is what the message's type says: no field more, none less, none of another type.
expectTypeOf<Parsed<typeof workers.hello>>().toEqualTypeOf<Plain<M.Hello>>();
expectTypeOf<Parsed<typeof workers.welcome>>().toEqualTypeOf<Plain<M.Welcome>>();
expectTypeOf<Parsed<typeof workers.bye>>().toEqualTypeOf<Plain<M.Bye>>();
expectTypeOf<Parsed<typeof workers.segment>>().toEqualTypeOf<Plain<M.SegmentMessage>>();
expectTypeOf<Parsed<typeof workers.lease>>().toEqualTypeOf<Plain<M.LeaseMessage>>();
expectTypeOf<Parsed<typeof workers.block>>().toEqualTypeOf<Plain<M.BlockMessage>>();
expectTypeOf<Parsed<typeof workers.revoke>>().toEqualTypeOf<Plain<M.RevokeMessage>>();
expectTypeOf<Parsed<typeof workers.settle>>().toEqualTypeOf<Plain<M.SettleMessage>>();
expectTypeOf<Parsed<typeof workers.heard>>().toEqualTypeOf<Plain<M.HeardMessage>>();
expectTypeOf<Parsed<typeof workers.jobEnded>>().toEqualTypeOf<Plain<M.JobEndedMessage>>();
expectTypeOf<Parsed<typeof workers.drain>>().toEqualTypeOf<Plain<M.DrainMessage>>();
expectTypeOf<Parsed<typeof workers.ready>>().toEqualTypeOf<Plain<M.ReadyMessage>>();
expectTypeOf<Parsed<typeof workers.beat>>().toEqualTypeOf<Plain<M.BeatMessage>>();
expectTypeOf<Parsed<typeof workers.result>>().toEqualTypeOf<Plain<M.ResultMessage>>();
expectTypeOf<Parsed<typeof workers.failed>>().toEqualTypeOf<Plain<M.FailedMessage>>();
expectTypeOf<Parsed<typeof workers.draining>>().toEqualTypeOf<Plain<M.DrainingMessage>>();
expectTypeOf<Parsed<typeof drivers.submit>>().toEqualTypeOf<Plain<M.SubmitMessage>>();
expectTypeOf<Parsed<typeof drivers.accepted>>().toEqualTypeOf<Plain<M.AcceptedMessage>>();
expectTypeOf<Parsed<typeof drivers.file>>().toEqualTypeOf<Plain<M.FileMessage>>();
expectTypeOf<Parsed<typeof drivers.fileTaken>>().toEqualTypeOf<Plain<M.FileTakenMessage>>();
expectTypeOf<Parsed<typeof drivers.ask>>().toEqualTypeOf<Plain<M.AskMessage>>();
expectTypeOf<Parsed<typeof drivers.offer>>().toEqualTypeOf<Plain<M.OfferMessage>>();
expectTypeOf<Parsed<typeof drivers.inputEnded>>().toEqualTypeOf<Plain<M.InputEndedMessage>>();
expectTypeOf<Parsed<typeof drivers.cancel>>().toEqualTypeOf<Plain<M.CancelMessage>>();
expectTypeOf<Parsed<typeof drivers.published>>().toEqualTypeOf<Plain<M.PublishedMessage>>();
expectTypeOf<Parsed<typeof drivers.part>>().toEqualTypeOf<Plain<M.PartMessage>>();
expectTypeOf<Parsed<typeof drivers.blockDone>>().toEqualTypeOf<Plain<M.BlockDoneMessage>>();
expectTypeOf<Parsed<typeof drivers.jobFailed>>().toEqualTypeOf<Plain<M.JobFailedMessage>>();
expectTypeOf<Parsed<typeof drivers.fleet>>().toEqualTypeOf<Plain<M.FleetMessage>>();

// Sockets of every runtime fit.
const _socket: WebSocketLike = undefined as unknown as WebSocket;
