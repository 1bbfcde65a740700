import { serveActors } from "shoal";
import { words } from "./words.ts";

serveActors({ words });
