/** The numbers that a gateway goes by. Bytes and milliseconds. */
export interface GatewaySettings {
  /** Blocks that drivers offered and that are not done, of all jobs together: no more are asked for beyond it. */
  readonly heldBytes: number;
  /** Results that are being checked and stored; at more, a worker that brings one is sent away for a while. */
  readonly resultBytes: number;
  /** Results that are kept in memory after they were stored, for drivers that read along. */
  readonly recentBytes: number;
  /** Results of jobs that no driver has brought yet. */
  readonly earlyBytes: number;
  /** Sent to one worker, and not taken by it: it gets no more rows until it has. */
  readonly workerBufferedBytes: number;
  /** The same for a driver and its results. */
  readonly driverBufferedBytes: number;
  /** Sent by one driver, and not dealt with: at more it is sent away for a while. Honest ones stay below it, as they wait to be asked for blocks and to be told that files are stored. */
  readonly unheardBytes: number;
  readonly connections: number;
  /** Of one address. */
  readonly connectionsPerAddress: number;
  /** Jobs that run at once. */
  readonly jobs: number;
  /** A connection that has not said who it is by then ends. */
  readonly helloMs: number;
  /** Workers say something at least this often. */
  readonly beatMs: number;
  /** A worker that was silent for so many of its leases is disconnected. */
  readonly silentLeases: number;
  /** A result may be checked for so long, from its turn on. */
  readonly checkMs: number;
  /** After this, an answer of the ledger that has not come counts as undecided. */
  readonly commitMs: number;
  /** How long a result waits for the driver of its job to come back. */
  readonly unknownJobMs: number;
  /** How long a job goes on without its driver; then nothing more of it is leased. */
  readonly driverGraceMs: number;
  /** After this its blocks are let go too; the ledger keeps what is done. */
  readonly driverGoneMs: number;
  /** A ledger that no driver has come back to for so long is removed. */
  readonly ledgerMs: number;
  /** The same for a ledger whose driver alone can come back to it, as long as its process lives: one that was asleep, mostly. */
  readonly passingLedgerMs: number;
  /** Forged and bad results, in short order, after which a worker is shut out for `strikeOutMs`. */
  readonly strikes: number;
  readonly strikeOutMs: number;
  /** How long the gateway leads a job without renewing it. */
  readonly leaderMs: number;
  /** How long one who brings a job waits, beyond `leaderMs`, for whoever leads it to let it go. */
  readonly handOverMs: number;
  /** How often a gateway with free workers says so while nothing comes, and one with lent tasks that it has them. */
  readonly wantMs: number;
  /** A lent task of which nothing is heard for so long is lost. */
  readonly lentMs: number;
  /** One that nobody has taken by then is offered once more, and then taken back. */
  readonly unclaimedMs: number;
  /** How long a job of another gateway is kept without anything to do of it. */
  readonly guestIdleMs: number;
  /** How long `close` waits for workers and commits. */
  readonly closeMs: number;
  /** `watch` calls no more often. */
  readonly watchMs: number;
}

const MiB = 2 ** 20;

export const defaultGatewaySettings: GatewaySettings = {
  heldBytes: 256 * MiB,
  resultBytes: 256 * MiB,
  recentBytes: 64 * MiB,
  earlyBytes: 64 * MiB,
  workerBufferedBytes: 4 * MiB,
  driverBufferedBytes: 8 * MiB,
  unheardBytes: 256 * MiB,
  connections: 20_000,
  connectionsPerAddress: 256,
  jobs: 1_000,
  helloMs: 10_000,
  beatMs: 2_000,
  silentLeases: 5,
  checkMs: 30_000,
  commitMs: 10_000,
  unknownJobMs: 60_000,
  driverGraceMs: 60_000,
  driverGoneMs: 600_000,
  ledgerMs: 7 * 24 * 3_600_000,
  passingLedgerMs: 24 * 3_600_000,
  strikes: 5,
  strikeOutMs: 300_000,
  leaderMs: 15_000,
  handOverMs: 5_000,
  wantMs: 3_000,
  lentMs: 15_000,
  unclaimedMs: 6_000,
  guestIdleMs: 120_000,
  closeMs: 10_000,
  watchMs: 250,
};
