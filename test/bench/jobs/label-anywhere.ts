// Any text job on any device of any runtime: nothing here is of Node, and a page runs it too.
import type { Dataset } from "@shoal/dataset";
import { countingSink } from "./counting-sink.ts";
import { predictText } from "./predict-text.ts";
import { told, type TextSettings } from "./settings.ts";
import { timedSink } from "./timed-sink.ts";

export interface AnywhereSettings extends Omit<TextSettings, "out"> {
  /** No more than so many. */
  readonly rows?: number;
}

/** Runs it, and gives what `measure` wants to know. */
export async function labelAnywhere(rows: Dataset<{ id: number; text: string }>, settings: AnywhereSettings) {
  const { sink, first } = timedSink(countingSink());
  const { result, stats } = await predictText(rows, settings, sink).run({
    ...(settings.cpus === undefined ? {} : { resources: { cpus: settings.cpus } }),
    ...(settings.rows === undefined ? {} : { limit: settings.rows }),
  });
  return { ...told(first(), result.rows, stats), ...(settings.device === "webgpu" ? { adapter: await adapterName() } : {}) };
}

interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
}

/** What the GPU calls itself, where a runtime lets it say so. */
async function adapterName(): Promise<string | undefined> {
  const { navigator } = globalThis as { navigator?: { readonly gpu?: { requestAdapter(): Promise<{ readonly info: AdapterInfo } | null> } } };
  const info = (await navigator?.gpu?.requestAdapter())?.info;
  // Deno gives the vendor as a number.
  return info === undefined ? undefined : [info.vendor, info.architecture, info.description].filter((part) => !/^\d*$/.test(part)).join(" ");
}
