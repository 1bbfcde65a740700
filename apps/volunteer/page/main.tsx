// The page behind a link of Shoal: it turns the tab into a worker.
import { render } from "preact";
import { App } from "./views/app.tsx";
import { Volunteer } from "./volunteer.ts";

// Bundlers look for exactly this form.
const volunteer = new Volunteer(() => new Worker(new URL("./agent/agent-worker.ts", import.meta.url), { type: "module", name: "shoal-agent" }));
render(<App volunteer={volunteer} />, document.getElementById("page") as HTMLElement);
await volunteer.open();
