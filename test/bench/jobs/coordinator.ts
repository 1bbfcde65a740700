// A coordinator that prints its links and stays.
import { rm } from "node:fs/promises";
import { startCoordinator } from "@shoal/coordinator";

const { folder } = JSON.parse(process.argv[2] as string) as { readonly folder: string };
await rm(folder, { recursive: true, force: true });
const coordinator = await startCoordinator({ folder });
console.log(JSON.stringify({ submit: await coordinator.link(["submit"]), work: await coordinator.link(["work"]) }));
process.once("SIGTERM", () => void coordinator.close().then(() => process.exit(0)));
