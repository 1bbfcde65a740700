/** What the hosts of a runtime can't do, each with the reason. What is absent, they can. */
export interface HostGaps {
  /** End an actor that blocks its thread, at once. */
  readonly killsBusy?: string;
  /** Tell the code with which an actor ended itself. */
  readonly exits?: string;
  /** Survive and tell an error that nobody caught in an actor. */
  readonly lastWords?: string;
  /** Say how much memory an actor holds. */
  readonly memory?: string;
}
