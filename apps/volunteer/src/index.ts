export type { Offer, OfferedJob } from "./offer.ts";

/** Where the built page is: a folder with `index.html`. `npm run build` puts it there. */
export const pageFolder: URL = new URL("../dist/page/", import.meta.url);
