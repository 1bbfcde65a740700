import { plural } from "@shoal/executor";

/** In a row: some are lost in any network. */
const enough = 5;

/** Connections on which a job's files were to be sent, and of which none brought the gateway a piece further. */
export class VainSending {
  #connections = 0;
  #missing = Infinity;
  #arrived = 0;

  /**
   * A connection has begun.
   * @param missing files that the gateway has not
   * @param arrived bytes of them that it has; undefined where it does not say, and nobody knows what got through
   * @returns what is worth a sentence: again each time there were twice as many
   */
  look(missing: number, arrived: number | undefined): string | undefined {
    if (arrived === undefined) return undefined;
    if (missing < this.#missing || arrived > this.#arrived) this.#connections = 0;
    else this.#connections++;
    [this.#missing, this.#arrived] = [missing, arrived];
    const tries = this.#connections / enough;
    if (missing === 0 || tries < 1 || !Number.isInteger(Math.log2(tries))) return undefined;
    return `${plural(missing, "file")} ${missing === 1 ? "has" : "have"} still to be sent, and the last ${this.#connections} connections were lost before any of it got through: something between here and there cuts them. Sending goes on`;
  }
}
