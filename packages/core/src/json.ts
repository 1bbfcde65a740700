/** What survives `JSON.stringify` and back: the only thing a plan's options and a predictor's arguments may hold. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
/** An object that JSON can hold. */
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}
