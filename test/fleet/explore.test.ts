import { test } from "vitest";
import { findChromium } from "../runtimes/find-chromium.ts";
import { CoordinatorView, theJob } from "./coordinator-view.ts";
import { release, sharedModel, startJob, testFolder } from "./reviews.ts";
import { startServe } from "./shoal-process.ts";
import { VolunteerTabs } from "./volunteer-tabs.ts";

test("tabs", { timeout: 600_000 }, async () => {
  const folder = testFolder();
  const model = sharedModel("sentiment-mini");
  release(folder, 3000);
  const coordinator = await startServe(folder);
  const view = new CoordinatorView(coordinator);
  startJob(folder, { rows: 3000, model, args: ["--on", coordinator.links.submit, "--volunteers", "--note", "Short opinions."] });
  await using tabs = await VolunteerTabs.start(findChromium() as string);
  await view.until("the job was there", (snapshot) => theJob(snapshot));
  const tab = await tabs.lend(coordinator.links.volunteer, "tab 1");
  const began = Date.now();
  for (let at = 0; at < 40; at++) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const snap = await view.snapshot();
    console.log(((Date.now() - began) / 1000).toFixed(0), (await tab.text()).replace(/\s+/g, " ").slice(0, 600), JSON.stringify(snap?.workers), coordinator.process.out.text().slice(-300));
    if (view.blocksOf("tab 1") > 10) break;
  }
});
