/** What a run may use on one machine: detected (limits of the container respected) or declared by the user. */
export interface Resources {
  readonly cpus: number;
  readonly gpus: number;
  /** Bytes. */
  readonly memory: number;
}
