import { render } from "preact";
import { readAddress } from "./connection/address.ts";
import { followSnapshots } from "./connection/follow-snapshots.ts";
import { DashboardState } from "./dashboard-state.ts";
import { Dashboard } from "./parts/dashboard.tsx";

const place = document.getElementById("dashboard");
if (place === null) throw new Error("The page has no element #dashboard.");

let address = readAddress(location);
let connection = new AbortController();
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
  connection.abort();
  connection = new AbortController();
  const { signal } = connection;
  const current = <Value extends unknown[]>(take: (...value: Value) => void) => (...value: Value) => {
    if (!signal.aborted) take(...value);
  };
  void followSnapshots({
    address, signal, fetch: (url, init) => fetch(url, init), now: Date.now, random: Math.random, wait,
    onConnection: current(state.connect), onSnapshot: current(state.take), onUnreadable: current(state.missLine),
  });
}

/** Until then, or until the machine says that it has a network again, or until the signal. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    addEventListener("online", end);
    signal.addEventListener("abort", end);
  });
}

// Another link pasted into the address bar of the same page.
addEventListener("hashchange", () => {
  address = readAddress(location);
  connect();
});
connect();
