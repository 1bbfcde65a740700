/** The states of blocks in the order in which a cell stacks them, from its foot; `n` is a block that the driver has not read yet. */
export const blockStates = ["d", "c", "l", "r", "n", "s", "q", "t"] as const;
export type BlockState = (typeof blockStates)[number];

export const stateWords: Readonly<Record<BlockState, string>> = {
  d: "done", c: "committing", l: "computing", r: "waiting", n: "not read yet", s: "split", q: "quarantined in part", t: "troubled",
};
