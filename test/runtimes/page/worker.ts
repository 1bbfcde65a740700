import { serveActors } from "shoal";
import { score } from "./score.ts";

serveActors({ score });
