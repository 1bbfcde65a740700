import { serveActors } from "shoal";

serveActors({});
