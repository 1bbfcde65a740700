import { createHash } from "node:crypto";
import { checkedPrefix } from "./nats-options.ts";

/**
 * A name as one token of a subject: itself where it is short and plain, so that a person finds it, else a hash of it. The two never meet, for `=` is not plain.
 */
export function token(name: string): string {
  return /^[A-Za-z0-9_-]{1,64}$/.test(name) ? name : `=${createHash("sha256").update(name).digest("base64url")}`;
}

/** Names of streams lie on disks, some of which take upper and lower case for the same. */
function jobHash(job: string): string {
  return createHash("sha256").update(job).digest("hex").slice(0, 32);
}

/** What the streams, subjects and consumers of an engine are called. */
export class NatsNames {
  readonly prefix: string;
  readonly register: string;
  readonly queue: string;
  /** The subjects of all tasks, of all ledgers, and of the register. */
  readonly allTasks: string;
  readonly allLedgers: string;
  readonly allOfRegister: string;

  constructor(prefix: string) {
    this.prefix = checkedPrefix(prefix);
    this.register = `${prefix}-register`;
    this.queue = `${prefix}-queue`;
    this.allTasks = `${prefix}.task.>`;
    this.allLedgers = `${prefix}.ledger.>`;
    this.allOfRegister = `${prefix}.register.>`;
  }

  jobKey(job: string): string {
    return `${this.prefix}.register.job.${jobHash(job)}`;
  }

  /** Of a ledger's stream. */
  jobKeyOf(stream: string): string {
    return `${this.prefix}.register.job.${stream.split("-").at(-2)}`;
  }

  roleKey(role: string): string {
    return `${this.prefix}.register.role.${token(role)}`;
  }

  ledger(job: string, generation: number): string {
    return `${this.prefix}-ledger-${jobHash(job)}-${generation}`;
  }

  /** The subjects of a job's ledger in any generation, or in one. */
  ledgerSubjects(job: string, generation?: number): string {
    return `${this.prefix}.ledger.${jobHash(job)}.${generation ?? "*"}`;
  }

  taskSubject(className: string, priority: number, id: string): string {
    return `${this.tasks(className, priority)}.${token(id)}`;
  }

  tasks(className: string, priority: number | "*"): string {
    return `${this.prefix}.task.${className}.${priority}`;
  }

  consumer(className: string, priority: number): string {
    return `${className}-${priority}`;
  }
}

/** The last number in a name: of a ledger's generation, of a consumer's priority. */
export function lastNumber(name: string): number {
  return Number(name.slice(name.lastIndexOf("-") + 1));
}
