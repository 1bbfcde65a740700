import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { dashboardPage } from "#dashboard-page";
import { pageFolder as volunteerPage } from "@shoal/volunteer";
import type { CoordinatorOptions } from "./coordinator.ts";
import { certName } from "./https/certificate.ts";
import { isEveryAddress, isOnlyHere, localAddresses } from "./links/local-names.ts";

/** What a person should know of how a coordinator listens, in sentences. @param url where it is found @param isSecure browsers take it for secure */
export function advice(options: CoordinatorOptions, url: string, isSecure: boolean): string[] {
  return [...unbuiltPages(), ...ofListening(options, url, isSecure)];
}

/** In a clone only: installed packages bring them along. */
function unbuiltPages(): string[] {
  return [volunteerPage, dashboardPage].every((folder) => existsSync(new URL("index.html", folder))) ? [] : ["The pages behind these links are not built here yet: run npm run build, and load them again."];
}

function ofListening({ host = "127.0.0.1", https, baseUrl, folder }: CoordinatorOptions, url: string, isSecure: boolean): string[] {
  if (baseUrl !== undefined) return [];
  const onlyHere = isOnlyHere(host) ? [`Only this machine can open ${url}. For others in your network: --host 0.0.0.0${isSecure ? "" : ", and --https so that tabs may use their GPU"}.`] : [];
  if (https === true) {
    return [
      ...onlyHere,
      "The certificate was made on this machine: each browser warns once (\"Advanced\", then \"Proceed\"; in Safari \"Show Details\", then \"visit this website\"). Without the warning: a tunnel or a proxy with a certificate of its own, and --base-url.",
      ...(folder === undefined ? [] : [`Machines need its certificate: copy ${join(resolve(folder), certName)} there, and put NODE_EXTRA_CA_CERTS=${certName} before the command that lends them.`]),
    ];
  }
  if (isSecure || onlyHere.length > 0) return onlyHere;
  return [
    `Tabs that open ${url} compute without their GPU: browsers give WebGPU to https pages only. Add --https, or put a tunnel or a proxy with https in front and name it with --base-url.`,
    ...(isEveryAddress(host) && localAddresses().length > 1 ? [`This machine also has the addresses ${localAddresses().slice(1, 5).join(", ")}.`] : []),
  ];
}
