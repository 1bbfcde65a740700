/** What one side takes of the other at most. */
export interface ConnectionLimits {
  /** Of one message, payload included. */
  readonly frameBytes: number;
  /** Of a header. */
  readonly headerBytes: number;
  /** Of the header of a result: rows that failed are listed in it. */
  readonly resultHeaderBytes: number;
  /** Of objects and lists within each other, in a header. */
  readonly nesting: number;
  /** Sent, and not taken by the other side: at more, the connection ends as that of a slow reader. */
  readonly bufferedBytes: number;
  readonly messagesPerSecond: number;
  /** Messages that may come at once, after a rest. */
  readonly messageBurst: number;
  readonly bytesPerSecond: number;
  readonly byteBurst: number;
}

const MiB = 2 ** 20;

export const defaultConnectionLimits: ConnectionLimits = {
  frameBytes: 32 * MiB,
  headerBytes: 256 * 1024,
  resultHeaderBytes: 16 * MiB,
  nesting: 16,
  bufferedBytes: 64 * MiB,
  messagesPerSecond: 5_000,
  messageBurst: 20_000,
  bytesPerSecond: 2_048 * MiB,
  byteBurst: 4_096 * MiB,
};

/** The longest payload that any message can carry, under the default limits: the header takes the rest. */
export const maxPayloadBytes = defaultConnectionLimits.frameBytes - defaultConnectionLimits.headerBytes;

/** Of one block on its way to the gateway, which it must fit together with its header; and of what a worker has to fetch before it can begin, or joins. */
export const mostBlockBytes = 16 * MiB;
