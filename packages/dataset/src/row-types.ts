import type { ArrowTable, BatchFormats, BatchShape, KeptRow, ReplacedRow, RowOf } from "@shoal/core";
import type { OnError, PredictorOptions } from "@shoal/planner";

/** For the type checker: what it can't see to be an object. */
export type AsRow<T> = T extends object ? T : never;

/** Flattens an intersection, so that an editor shows one object type. */
export type Flat<T> = { [Name in keyof T]: T[Name] };

/** `R` with the columns of `Added`, which win. */
export type Joined<R, Added> = Flat<Omit<R, keyof Added> & Added>;

/** An argument type that no value has when the rows lack what a step reads; the editor shows the columns. */
export type Reads<R, In> = R extends In
  ? unknown
  : string extends keyof R
  ? { readonly [Name in keyof In as `the rows have no types; write readParquet<{ ${Name & string}: … }>(…)`]: In[Name] }
  : { readonly [Name in keyof In as Name extends keyof R ? (R[Name] extends In[Name] ? never : Message<Name, "has another type in the rows">) : Message<Name, "is not in the rows">]: In[Name] };

type Message<Name extends PropertyKey, What extends string> = `column "${Name & string}" ${What}`;

/** What `mapBatches` may be told about a predictor. */
export interface PredictorSettings extends Partial<Omit<PredictorOptions, "onError">> {
  readonly onError?: OnError;
}

/** Arguments are asked for when the predictor's `setup` or constructor takes some. */
export type ArgsOf<Args> = [Args] extends [undefined] ? { readonly args?: undefined } : { readonly args: Args };

/** Failed rows stay, with null in the new columns. */
type NullOnError<R, Out, Settings> = Settings extends { readonly onError: "null" } ? { [Name in keyof Out]: Name extends keyof R ? Out[Name] : Out[Name] | null } : Out;

/** The row after a predictor. */
export type PredictedRow<R, In, Out, Mode, Settings> = Mode extends "adds"
  ? Joined<R, NullOnError<R, Out, Settings>>
  : Flat<ReplacedRow<R, In, NullOnError<R, Out, Settings>>>;

/** What a batch function may return, and the row behind it. */
export type BatchResult = BatchShape | readonly object[] | ArrowTable;
/** The row that a batch function's result holds. */
export type ResultRow<Result> = Result extends ArrowTable ? Record<string, unknown> : Result extends readonly (infer R)[] ? KeptRow<R> : Flat<RowOf<Result>>;

/** How a batch function gets its rows, and what becomes of those it fails on. */
export interface BatchFunctionSettings<Format extends keyof BatchFormats<unknown>> {
  /** Default `columns`. */
  readonly batchFormat?: Format;
  /** Rows of each batch, exactly; `auto` (the default) takes blocks as they come. */
  readonly batchSize?: number | "auto";
  /** Default: what the run says, which is `fail` when it says nothing. */
  readonly onError?: OnError;
  /** Identifies the function together with its source text, for what the text can't show. */
  readonly version?: string;
}

/** An argument type that no options of actors have: a function runs in no actor. */
export type OfFunctions<Format extends keyof BatchFormats<unknown>> = BatchFunctionSettings<Format> & {
  readonly [Name in Exclude<keyof PredictorSettings | "args", keyof BatchFunctionSettings<Format>>]?: "an option of actors, and a function runs in none: make it a predictor with definePredictor";
};

/** Of a closure over rows. */
export interface FunctionSettings {
  /** Default: what the run says, which is `fail` when it says nothing. */
  readonly onError?: OnError;
  /** Identifies the function together with its source text, for what the text can't show. */
  readonly version?: string;
}

