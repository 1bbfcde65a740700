import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium } from "../runtimes/find-chromium.ts";
import { openStage, type Stage } from "./open-dashboard.ts";
import { scene } from "./scene.ts";

// SHOAL_SCREENSHOTS=1 npx vitest run --project node test/dashboard/screenshots.test.ts
const asked = process.env["SHOAL_SCREENSHOTS"] === "1";
const executablePath = findChromium();
const folder = fileURLToPath(new URL("../../apps/coordinator/screenshots/", import.meta.url));

const views = {
  desktop: { viewport: { width: 1360, height: 940 }, deviceScaleFactor: 1 },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1, hasTouch: true, isMobile: true },
};

describe.skipIf(!asked || executablePath === undefined)("pictures of the dashboard, for the README", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage(executablePath as string);
    await mkdir(folder, { recursive: true });
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  for (const [view, options] of Object.entries(views)) for (const colorScheme of ["light", "dark"] as const) {
    test(`${view}, ${colorScheme}`, async () => {
      await using coordinator = await stage.coordinator();
      coordinator.invites = [
        { id: "i1", scopes: ["work"], volunteer: true, expiresAt: Date.now() + 7.9 * 3_600_000, revoked: false, used: 4 },
        { id: "i2", scopes: ["submit", "work", "observe"], volunteer: false, expiresAt: Date.now() + 29.9 * 86_400_000, revoked: false, used: 1 },
      ];
      coordinator.show(scene(0));
      await using opened = await stage.open(coordinator, { ...options, colorScheme });
      const { page, problems } = opened;
      await page.getByText("live,").waitFor();
      for (let second = 1; second <= 96; second++) coordinator.show(scene(second));
      await page.getByText("live, 09:31:36").waitFor();
      if (view === "desktop") {
        await page.getByRole("button", { name: "Invite" }).click();
        await page.getByRole("button", { name: "New link to lend a machine" }).click();
        await page.getByRole("img", { name: "QR code of the link" }).waitFor();
      }
      // Animations of bars are over when the page has nothing left to paint.
      await page.waitForFunction("document.getAnimations().length === 0");
      await page.screenshot({ path: `${folder}${view}-${colorScheme}.png`, fullPage: true });
      expect(problems).toEqual([]);
    });
  }
});
