import { useState } from "preact/hooks";
import { duration, plural } from "@shoal/volunteer/format";
import type { InviteKind, InviteLink } from "../connection/invites.ts";
import { QrCode } from "./qr-code.tsx";
import type { Inviting } from "./use-invites.ts";

/** Makes links that let somebody in, shows them, and takes them back. */
export function Invites({ inviting: { invites, make, revoke }, onClose }: { readonly inviting: Inviting; readonly onClose: () => void }) {
  const [chosen, choose] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const linked = invites.filter(({ link }) => link !== undefined);
  // A link that lets others bring jobs is never shown to a room without being asked for.
  const shown = linked.find(({ id }) => id === chosen) ?? linked.find(({ scopes }) => scopes.includes("work") && !scopes.includes("submit"));
  const attempt = (work: () => Promise<unknown>, failed: string) => {
    setProblem(undefined);
    void work().catch((error: unknown) => setProblem(`${failed} ${(error as Error).message}`));
  };
  const create = (kind: InviteKind) => attempt(async () => choose((await make(kind)).id), "No link was made.");
  return (
    <section class="card invites" id="invites" aria-label="Invite">
      <h2>Invite <button type="button" class="quiet" onClick={onClose}>Close</button></h2>
      {shown?.link === undefined
        ? <p>A link lends this coordinator a browser tab or a machine. Volunteers, whoever they are, get rows only of jobs that say so; machines of your own get all. One to watch shows this page, and changes nothing.</p>
        : <Link key={shown.id} invite={shown} link={shown.link} />}
      <p class="make">
        <span aria-hidden="true">New link</span>
        <button type="button" class={shown === undefined ? "" : "quiet"} aria-label="New link to lend a tab or a phone" onClick={() => create("tab")}>for a tab or a phone</button>
        <button type="button" class="quiet" aria-label="New link to lend a machine" onClick={() => create("machine")}>for a machine</button>
        <button type="button" class="quiet" aria-label="New link to watch" onClick={() => create("watch")}>to watch</button>
      </p>
      {problem !== undefined && <p class="bad" role="alert">{problem}</p>}
      {invites.length > 0 && (
        <ul class="given">
          {invites.map((invite) => (
            <Given key={invite.id} invite={invite} shown={invite.id === shown?.id} onShow={() => choose(invite.id)} onRevoke={() => attempt(() => revoke(invite.id), "It was not revoked.")} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Link({ invite, link }: { readonly invite: InviteLink; readonly link: string }) {
  return (
    <>
      <p>{advice(invite)}</p>
      <div class="link-box">
        <QrCode text={link} />
        <Copied text={link} label="Link" action="Copy link" />
      </div>
      {purpose(invite) === machines && <div class="link-box command"><Copied text={`shoal work "${link}"`} label="Command" action="Copy command" /></div>}
    </>
  );
}

function Copied({ text, label, action }: { readonly text: string; readonly label: string; readonly action: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div>
      <input type="text" readOnly value={text} aria-label={label} onFocus={(event) => event.currentTarget.select()} />
      <button type="button" onClick={(event) => void copy(text, event.currentTarget).then(setCopied)}>{copied ? "Copied" : action}</button>
    </div>
  );
}

interface GivenProps {
  readonly invite: InviteLink;
  readonly shown: boolean;
  readonly onShow: () => void;
  readonly onRevoke: () => void;
}

function Given({ invite, shown, onShow, onRevoke }: GivenProps) {
  const [asking, ask] = useState(false);
  return (
    <li>
      <b>{purpose(invite)}</b>
      <p class="use"><span>{useOf(invite)}</span><span>{duration(invite.expiresAt - Date.now())} left</span></p>
      {isForAll(invite) && <p class="all">It lets in to everything: keep it to yourself.</p>}
      {asking ? (
        <p class="sure">
          <span>Who came in by it leaves.</span>
          <button type="button" class="quiet bad" onClick={onRevoke}>Revoke for good</button>
          <button type="button" class="quiet" onClick={() => ask(false)}>Keep it</button>
        </p>
      ) : (
        <p class="acts">
          {invite.link !== undefined && <button type="button" class="link" aria-pressed={shown} onClick={onShow}>Show</button>}
          <button type="button" class="link" onClick={() => ask(true)}>Revoke …</button>
        </p>
      )}
    </li>
  );
}

const machines = "Lend a machine";

/** To watch, to bring jobs, to make links of all kinds and to revoke them. */
function isForAll({ scopes }: InviteLink): boolean {
  return scopes.includes("submit") && scopes.includes("observe");
}

/** What `shoal serve` calls it too. */
function purpose(invite: InviteLink): string {
  const { scopes, volunteer } = invite;
  if (scopes.includes("submit")) return isForAll(invite) ? "Watch, and see links" : "Bring a job";
  if (!scopes.includes("work")) return "Watch";
  return volunteer ? "Lend a tab or a phone" : machines;
}

function advice(invite: InviteLink): string {
  const { scopes, volunteer } = invite;
  if (scopes.includes("submit")) return `Who has it may give jobs to this coordinator${isForAll(invite) ? ", sees this page, and makes and revokes links" : ""}. Keep it to yourself.`;
  if (!scopes.includes("work")) return "Who has it sees this page with its rows, and can change nothing.";
  return volunteer ? "Open it on any device, and its browser tab computes." : "Open it on another device, or give it to “shoal work” on another machine.";
}

/** Pages that look on come again and again: how often tells nothing. */
function useOf({ used, scopes }: InviteLink): string {
  if (used === 0) return "not used yet";
  if (scopes.includes("observe")) return "used";
  return used === 1 ? "used once" : `used ${plural(used, "time")}`;
}

/** Without a secure context there is no clipboard: then the link's field is selected and copied the old way. */
async function copy(text: string, button: HTMLButtonElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    button.parentElement?.querySelector("input")?.select();
    return document.execCommand("copy");
  }
}
