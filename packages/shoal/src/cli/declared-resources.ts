import type { Resources } from "@shoal/core";

/** Flags that say what may be used; what is not said is detected. */
export interface ResourceFlags {
  readonly cpus?: number;
  readonly gpus?: number;
  readonly memory?: number;
}

export function declaredResources({ cpus, gpus, memory }: ResourceFlags): Partial<Resources> {
  return { ...(cpus !== undefined && { cpus }), ...(gpus !== undefined && { gpus }), ...(memory !== undefined && { memory }) };
}
