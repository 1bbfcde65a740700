import { useState } from "preact/hooks";
import type { Address } from "../connection/address.ts";
import { revokeInvite, type InviteLink } from "../connection/invites.ts";
import { duration, plural } from "../format.ts";
import { QrCode } from "./qr-code.tsx";

interface Props {
  readonly address: Address;
  readonly invites: readonly InviteLink[];
  readonly onChange: () => Promise<void>;
  readonly onClose: () => void;
}

/** Links that let somebody in. One that no longer does is not shown. */
export function Invites({ address, invites, onChange, onClose }: Props) {
  const valid = invites.filter(({ revoked, expiresAt }) => !revoked && expiresAt > Date.now());
  const [chosen, choose] = useState<string>();
  const shown = valid.find(({ id }) => id === chosen) ?? valid.find(({ link, scopes }) => link !== undefined && scopes.includes("work")) ?? valid[0];
  return (
    <section class="card invites" id="invites" aria-label="Invite">
      <h2>Invite <button type="button" class="quiet" onClick={onClose}>Close</button></h2>
      {shown === undefined ? <p class="empty">No link lets anybody in at the moment. <code>shoal serve</code> makes new ones when it starts.</p> : <Link key={shown.id} invite={shown} address={address} onChange={onChange} />}
      {valid.length > 1 && (
        <ul class="choices">
          {valid.map((invite) => (
            <li key={invite.id}><button type="button" class="quiet" aria-pressed={invite === shown} onClick={() => choose(invite.id)}>{purpose(invite)}</button></li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Link({ invite, address, onChange }: { readonly invite: InviteLink; readonly address: Address; readonly onChange: () => Promise<void> }) {
  const { link } = invite;
  const [copied, setCopied] = useState(false);
  const [asking, ask] = useState(false);
  const [problem, setProblem] = useState<string>();
  const revoke = async () => {
    try {
      await revokeInvite(address, invite.id);
      await onChange();
    } catch (error) {
      setProblem(`It was not revoked. ${(error as Error).message}`);
    }
    ask(false);
  };
  return (
    <>
      <p>{advice(invite)}</p>
      {link === undefined ? <p class="note">Whoever made this link has it; the coordinator keeps only its number.</p> : (
        <div class="link-box">
          <QrCode text={link} />
          <div>
            <input type="text" readOnly value={link} aria-label="Link" onFocus={(event) => event.currentTarget.select()} />
            <button type="button" onClick={(event) => void copy(link, event.currentTarget).then(setCopied)}>{copied ? "Copied" : "Copy link"}</button>
          </div>
        </div>
      )}
      <p class="facts">
        <span>{invite.used === 0 ? "not used yet" : `used ${invite.used === 1 ? "once" : plural(invite.used, "time")}`}</span>
        <span>valid for {duration(invite.expiresAt - Date.now())}</span>
        {asking
          ? <><span>Everybody who came in by it leaves.</span><button type="button" class="quiet bad" onClick={() => void revoke()}>Revoke for good</button><button type="button" class="quiet" onClick={() => ask(false)}>Keep it</button></>
          : <button type="button" class="quiet" onClick={() => ask(true)}>Revoke …</button>}
      </p>
      {problem !== undefined && <p class="bad" role="alert">{problem}</p>}
    </>
  );
}

function purpose({ scopes, volunteer }: InviteLink): string {
  return scopes.includes("submit") ? "submit jobs" : !scopes.includes("work") ? "watch only" : volunteer ? "volunteers" : "workers";
}

function advice(invite: InviteLink): string {
  if (invite.scopes.includes("submit")) return "Who has this link may give jobs to this coordinator, and lend a machine. Keep it to yourself.";
  if (!invite.scopes.includes("work")) return "Who has this link sees this page, and can change nothing.";
  return invite.volunteer
    ? "Open it on any device to lend its browser tab. Volunteers get rows only of jobs that say so."
    : "Open it on another device, or run “shoal work” with it on another machine.";
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
