import { preview, ShoalError } from "@shoal/core";
import type { ModelFiles } from "../model/model-files.ts";
import type { TextGenerationSettings } from "../text-generation.ts";
import { loadChatTemplate, type ChatTemplate } from "../tokenize/chat-template.ts";
import type { TextTokenizer } from "../tokenize/text-tokenizer.ts";

/** A prompt as text (empty for a conversation, whose template is nobody's text) and as tokens. */
export interface ReadPrompt {
  readonly text: string;
  readonly ids: readonly number[];
}

/** @throws `missing-value`, `wrong-type`, `empty-prompt`, `prompt-too-long` (all `row`), with the row of the block */
export type PromptReader = (value: unknown, row: number) => Promise<ReadPrompt>;

interface PromptParts {
  readonly tokenizer: TextTokenizer;
  readonly files: ModelFiles;
  readonly settings: TextGenerationSettings;
  readonly contextLength: number;
  readonly beginId: number | undefined;
}

export function promptReader({ tokenizer, files, settings, contextLength, beginId }: PromptParts): PromptReader {
  // As Hugging Face's Python pipelines: the tokens that the tokenizer's template adds, unless its configuration says no.
  const special = tokenizer.config["add_bos_token"] !== false || tokenizer.config["add_eos_token"] === true;
  let template: Promise<ChatTemplate> | undefined;
  const room = contextLength - Math.min(settings.maxNewTokens ?? 1, Math.max(1, Math.floor(contextLength / 2)));

  return async (value, row) => {
    const conversation = conversationOf(value);
    if (conversation === undefined && typeof value !== "string") throw notAPrompt(value, row, settings.input);
    template ??= conversation === undefined ? undefined : loadChatTemplate(files, tokenizer.config);
    const text = conversation === undefined || template === undefined ? (value as string) : (await template)(conversation);
    const ids = tokenizer.encode(text, conversation === undefined && special);
    if (ids.length === 0) return { text, ids: [beginFor(row)] };
    if (ids.length < contextLength) return { text: conversation === undefined ? text : "", ids };
    if (settings.truncate !== true) throw tooLong(ids.length, row);
    return { text, ids: truncated(ids) };
  };

  function beginFor(row: number): number {
    if (beginId !== undefined) return beginId;
    throw new ShoalError("empty-prompt", `Column "${settings.input}" has an empty prompt, and this model has no token to begin a text with.`, {
      failure: "row", hint: "Filter empty prompts out, or handle them with onError.", details: { rows: [row] },
    });
  }

  function tooLong(tokens: number, row: number): ShoalError {
    return new ShoalError("prompt-too-long", `Column "${settings.input}" has a prompt of ${tokens} tokens; the model's context is ${contextLength}, and the completion has to fit too.`, {
      failure: "row", hint: "Shorten the prompt, or set truncate: true to keep its end.", details: { rows: [row], tokens, limit: contextLength },
    });
  }

  /** The end of the prompt, after the token that begins every text. */
  function truncated(ids: readonly number[]): number[] {
    const kept = ids[0] === beginId ? [beginId as number] : [];
    return [...kept, ...ids.slice(ids.length - Math.max(1, room - kept.length))];
  }
}

/** `{ role, content }[]`, also as an Arrow or JSON reader gives it. */
function conversationOf(value: unknown): readonly unknown[] | undefined {
  const list = typeof value === "object" && value !== null && !Array.isArray(value) && Symbol.iterator in value ? Array.from(value as Iterable<unknown>) : value;
  if (!Array.isArray(list) || list.length === 0) return undefined;
  return list.every((turn) => typeof turn === "object" && turn !== null && "role" in turn && "content" in turn) ? list : undefined;
}

function notAPrompt(value: unknown, row: number, column: string): ShoalError {
  if (value === null || value === undefined) {
    return new ShoalError("missing-value", `Column "${column}" has nothing where a prompt is wanted.`, {
      failure: "row", hint: "Filter such rows out, or handle them with onError.", details: { rows: [row], column },
    });
  }
  return new ShoalError("wrong-type", `Column "${column}" has ${preview(value)}; a prompt is a string or an array of { role, content }.`, {
    failure: "row", hint: "Make the column a string in a step before this one.", details: { rows: [row], column },
  });
}
