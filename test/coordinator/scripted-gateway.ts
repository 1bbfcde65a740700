import type { Gateway, Invite, ModelFile, Scope, Snapshot } from "@shoal/cluster";

/** A gateway of a test's making: what it shows and whom it lets in is set by hand. */
export interface ScriptedGateway extends Gateway {
  /** Tokens, and what they allow. */
  readonly tokens: Map<string, readonly Scope[]>;
  readonly models: Map<string, ModelFile>;
  /** Tokens by which somebody came to look. */
  readonly used: readonly string[];
  /** How often it was asked for a snapshot. */
  readonly asked: number;
  readonly watchers: number;
  readonly accepted: readonly { readonly address?: string }[];
  show(change: Partial<Snapshot>): void;
}

export function scriptedGateway(): ScriptedGateway {
  let shown: Snapshot = { at: 1, name: "test", jobs: [], workers: [], refused: {} };
  let asked = 0;
  const tokens = new Map<string, readonly Scope[]>([["submitter", ["submit"]], ["worker", ["work"]], ["observer", ["observe"]]]);
  const models = new Map<string, ModelFile>();
  const watchers = new Set<() => void>();
  const invites = new Map<string, Invite>();
  const used: string[] = [];
  const accepted: { readonly address?: string }[] = [];
  return {
    tokens, models, accepted, used,
    get asked() {
      return asked;
    },
    get watchers() {
      return watchers.size;
    },
    show(change) {
      shown = { ...shown, ...change, at: shown.at + 1 };
      for (const tell of watchers) tell();
    },
    accept: (channel, origin) => {
      accepted.push(origin);
      channel.listen({ message: () => {}, closed: () => {} });
    },
    invite: async (scopes, { volunteer = false, ttlMs = 1000 } = {}) => {
      const id = `invite-${invites.size}`;
      const invite: Invite = { id, scopes, volunteer, expiresAt: Date.now() + ttlMs, revoked: false, used: 0 };
      invites.set(id, invite);
      tokens.set(`token-of-${id}`, scopes);
      return { token: `token-of-${id}`, invite };
    },
    invites: () => [...invites.values()],
    revoke: async (id) => {
      invites.set(id, { ...(invites.get(id) as Invite), revoked: true });
      tokens.delete(`token-of-${id}`);
    },
    allows: (token, scope) => tokens.get(token)?.includes(scope) ?? false,
    noteUse: (token) => void used.push(token),
    modelFile: (model, path) => models.get(`${model}/${path}`),
    snapshot: () => {
      asked += 1;
      return shown;
    },
    watch: (onChange) => {
      watchers.add(onChange);
      return () => void watchers.delete(onChange);
    },
    ended: new Promise(() => {}),
    close: async () => {},
  };
}
