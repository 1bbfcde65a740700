import { render } from "preact";
import { readAddress } from "./connection/address.ts";
import { openStream } from "./connection/open-stream.ts";
import { DashboardState } from "./dashboard-state.ts";
import { Dashboard } from "./parts/dashboard.tsx";

const place = document.getElementById("dashboard");
if (place === null) throw new Error("The page has no element #dashboard.");

let address = readAddress(location);
let stop = () => {};
let asked = false;

// However many snapshots come, a frame is drawn once.
const state = new DashboardState(() => {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    render(<Dashboard state={state} address={address} onRetry={connect} />, place);
  });
});

function connect(): void {
  stop();
  stop = openStream(address, state);
}

// Another link pasted into the address bar of the same page.
addEventListener("hashchange", () => {
  address = readAddress(location);
  connect();
});
connect();
