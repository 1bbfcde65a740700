// The worker entry of a bundle, whose GPU will be lost.
import { serveActors } from "shoal";
import { doomDevice } from "../doom-device.ts";

doomDevice(100);
serveActors({});
