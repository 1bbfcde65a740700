import { ShoalError, type JsonObject } from "@shoal/core";
import type { ModelFiles } from "../model/model-files.ts";
import { specialToken } from "./text-tokenizer.ts";

/** A conversation as the prompt its model was trained on, ending where the assistant's answer begins. */
export type ChatTemplate = (messages: readonly unknown[]) => string;

const specialNames = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/**
 * From chat_template.jinja, or from tokenizer_config.json.
 * @throws `no-chat-template` (`row`: other rows may hold plain prompts).
 */
export async function loadChatTemplate(files: ModelFiles, tokenizerConfig: JsonObject): Promise<ChatTemplate> {
  const source = (await templateFile(files)) ?? templateIn(tokenizerConfig["chat_template"]);
  if (source === undefined) {
    throw new ShoalError("no-chat-template", `Model "${files.model}" has no chat template, so it can't be given a conversation.`, {
      failure: "row", hint: "Give it a column of plain prompts, or choose a model made for chat.",
    });
  }
  const { Template } = await import("@huggingface/jinja");
  const template = new Template(source);
  const tokens = Object.fromEntries(specialNames.flatMap((name) => {
    const token = specialToken(tokenizerConfig, name);
    return token === undefined ? [] : [[name, token]];
  }));
  return (messages) => {
    try {
      return template.render({ ...tokens, messages, add_generation_prompt: true, tools: null, documents: null });
    } catch (cause) {
      throw new ShoalError("chat-template-failed", `The chat template of model "${files.model}" refuses this conversation: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause, failure: "row", hint: "Check the roles and their order: many models want user and assistant by turns.",
      });
    }
  };
}

async function templateFile(files: ModelFiles): Promise<string | undefined> {
  const bytes = await files.read("chat_template.jinja");
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** A template, or the one named `default` of several. */
function templateIn(entry: unknown): string | undefined {
  if (typeof entry === "string") return entry;
  if (!Array.isArray(entry)) return undefined;
  const named = entry as readonly { readonly name?: unknown; readonly template?: unknown }[];
  const template = (named.find((one) => one.name === "default") ?? named[0])?.template;
  return typeof template === "string" ? template : undefined;
}
