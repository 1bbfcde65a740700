import { concreteDevices, type Json, type JsonObject } from "@shoal/core";
import * as v from "valibot";

// What headers are made of. Unknown fields of objects are dropped: a later version may have added them.

export const flag = v.boolean();
/** Not infinite: `1e999` is JSON. */
export const finite = v.pipe(v.number(), v.finite());
export const amount = v.pipe(finite, v.minValue(0));
/** A whole number from 0 on. */
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const counted = (most: number) => v.pipe(count, v.maxValue(most));
/** Rows of a block. Arrow counts them in 32 bits. */
export const rows = counted(2 ** 31 - 1);
/** The place of a block in its segment: no input has as many. */
export const blockNumber = counted(2 ** 40);

export const text = (most: number) => v.pipe(v.string(), v.maxLength(most));
export const named = (most: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(most));
/** The longest of what people read: sentences, and the titles of things. */
export const longestText = { words: 4_096, title: 1_024 } as const;
/** What people read. */
export const words = text(longestText.words);
/** What strangers call themselves: it is printed on terminals, which obey control characters. */
export const label = v.pipe(text(longestText.title), v.transform((value) => value.replaceAll(/\p{Cc}+/gu, " ")));
/** Sentences of strangers, lines kept. */
export const printable = (most: number) => v.pipe(text(most), v.transform((value) => value.replaceAll(/[^\P{Cc}\n\t]+/gu, " ")));
/** Names something for programs: in keys of maps, in paths. */
export const id = v.pipe(named(256), v.regex(/^\P{Cc}+$/u, "control characters in a name"));
export const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "no SHA-256"));

export const list = <S extends v.GenericSchema>(item: S, most: number) => v.pipe(v.array(item), v.maxLength(most));

export const device = v.picklist(concreteDevices);
/** An empty one is a name too: of the CSV files that have it. */
export const columns = list(text(4_096), 10_000);

/** JSON of users, as it came: `JSON.parse` has seen to all but one name, which would be a prototype where it is copied. */
export const json = v.custom<Json>(isHarmless, "an object has a field __proto__");
export const jsonObject = v.custom<JsonObject>((value) => isObject(value) && isHarmless(value), "no plain object");
export const details = v.custom<Readonly<Record<string, unknown>>>((value) => isObject(value) && isHarmless(value), "no plain object");

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isHarmless(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isHarmless);
  return !Object.hasOwn(value, "__proto__") && Object.values(value).every(isHarmless);
}
