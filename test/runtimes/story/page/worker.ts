import { serveActors } from "shoal";
import { measured } from "../predictors.ts";

serveActors({ measured });
